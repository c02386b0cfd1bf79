FROM golang:1.25 AS build
RUN apt-get update && apt-get install -y git
FROM scratch
COPY --from=build /app /app
