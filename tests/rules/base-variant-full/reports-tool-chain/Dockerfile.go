FROM golang:1.27-trixie
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY cmd ./cmd
RUN go build -o /usr/local/bin/app ./cmd/app
USER 65534:65534
CMD ["app"]
