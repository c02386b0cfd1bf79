FROM debian:trixie-slim AS build
RUN curl -fsSLo /tmp/a.tgz https://example.org/a.tgz && tar -xzf /tmp/a.tgz -C /opt
FROM scratch
COPY --from=build /opt /opt
