FROM composer:2 AS build
WORKDIR /app
COPY . .
RUN composer install --no-dev
FROM scratch
