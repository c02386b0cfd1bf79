FROM debian:trixie-slim
RUN DEBIAN_FRONTEND=noninteractive apt-get update
CMD ["date", "-R"]
