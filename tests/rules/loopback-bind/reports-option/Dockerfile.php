FROM php:8.5-cli-trixie
WORKDIR /app
COPY . .
EXPOSE 80
CMD ["php", "-S", "localhost:80", "-t", "public"]
