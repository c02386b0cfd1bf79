FROM php:8.4-fpm-trixie
WORKDIR /app
COPY . .
RUN composer install --no-dev
ENV COMPOSER_NO_DEV=1
RUN composer install
ARG DEBUG
RUN if [ "$DEBUG" = 1 ]; then pecl install xdebug; fi
