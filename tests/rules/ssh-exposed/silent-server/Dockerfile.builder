FROM debian:trixie-slim AS build
EXPOSE 22
FROM debian:trixie-slim
USER 1
