FROM golang:1.25-trixie AS build
WORKDIR /src
COPY . .
RUN go build -o /bin/app ./cmd/app

FROM alpine:3.22
COPY --from=build /bin/app /bin/app
