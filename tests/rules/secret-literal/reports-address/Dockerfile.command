FROM debian:trixie-slim
RUN curl -u ci:h8Fk2LqWz -O https://repo.corp.net/x && wget --password=h8Fk2LqWz https://repo.corp.net/y
RUN docker login -u ci -p h8Fk2LqWz registry.corp.net
