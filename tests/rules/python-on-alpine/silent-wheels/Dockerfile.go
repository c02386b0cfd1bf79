FROM golang:1.27-alpine3.24 AS build
RUN apk add --no-cache build-base && go build -o /app
