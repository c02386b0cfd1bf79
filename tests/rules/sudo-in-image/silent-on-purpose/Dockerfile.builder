FROM debian:trixie-slim AS build
RUN apt-get update && apt-get install -y sudo
FROM scratch
COPY --from=build /a /a
USER 1
