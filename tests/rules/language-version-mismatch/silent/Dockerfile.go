FROM golang:1.25-trixie
WORKDIR /app
COPY . .
RUN go build .
