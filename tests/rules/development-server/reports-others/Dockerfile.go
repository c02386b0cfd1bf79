FROM golang:1.27-trixie
WORKDIR /app
COPY . .
CMD ["air"]
