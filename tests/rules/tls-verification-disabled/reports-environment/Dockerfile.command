FROM debian:trixie-slim
RUN GIT_SSL_NO_VERIFY=1 git clone https://example.com/x && env NODE_TLS_REJECT_UNAUTHORIZED=0 npm ci
RUN export GIT_SSL_NO_VERIFY=true && git clone https://example.com/y
