FROM php:8.4-fpm-trixie
WORKDIR /app
COPY . .
RUN composer install
