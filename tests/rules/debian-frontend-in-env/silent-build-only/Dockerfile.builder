FROM debian:trixie-slim AS build
ENV DEBIAN_FRONTEND=noninteractive
FROM debian:trixie-slim
CMD ["date", "-R"]
