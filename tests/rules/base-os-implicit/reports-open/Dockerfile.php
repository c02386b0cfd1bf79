FROM php:8.4-fpm
USER www-data
