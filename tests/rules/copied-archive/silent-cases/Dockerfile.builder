FROM debian:trixie-slim AS build
COPY a.tar.gz /tmp/
RUN tar -xzf /tmp/a.tar.gz -C /opt
FROM scratch
COPY --from=build /opt /opt
