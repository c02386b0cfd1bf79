FROM python:3.13-slim-trixie
WORKDIR /app
COPY . .
CMD php artisan migrate --force && exec php-fpm
