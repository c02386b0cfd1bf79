FROM golang:1.27-trixie AS build
ARG GITHUB_TOKEN
RUN go build -o /app

FROM scratch
COPY --from=build /app /app
USER 1000
CMD ["/app"]
