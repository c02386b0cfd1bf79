FROM debian:trixie-slim AS build
RUN chmod -R 777 /src
FROM scratch
COPY --from=build /src/app /app
USER 1
