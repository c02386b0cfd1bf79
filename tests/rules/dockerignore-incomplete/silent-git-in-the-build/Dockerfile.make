FROM golang:1.27-trixie AS build
WORKDIR /src
COPY . .
RUN make build
FROM scratch
COPY --from=build /src/app /app
USER 65534:65534
ENTRYPOINT ["/app"]
