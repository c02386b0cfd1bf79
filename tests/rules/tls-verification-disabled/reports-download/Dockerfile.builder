FROM debian:trixie-slim AS build
RUN curl -kO https://example.com/x
FROM scratch
COPY --from=build /x /x
USER 1
