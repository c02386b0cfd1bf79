FROM debian:trixie-slim AS build
COPY --from=ghcr.io/example/tool:1.2.3 /opt/tool /opt/tool
RUN chown -R 1000:1000 /opt/tool
FROM scratch
COPY --from=build /opt/tool /opt/tool
USER 1000
