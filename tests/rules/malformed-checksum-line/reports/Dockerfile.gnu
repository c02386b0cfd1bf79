FROM debian:trixie-slim
RUN echo -n 'd41d8cd98f00b204e9800998ecf8427e x.tgz' | md5sum -c --status
