FROM golang:1.25
WORKDIR /app
COPY . .
RUN go install ./cmd/app && go install . && go install github.com/a/b@v1.2.3
