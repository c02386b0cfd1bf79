FROM golang:1.25-trixie
RUN go install github.com/swaggo/swag/cmd/swag@latest
RUN go install github.com/a/b/cmd/c
