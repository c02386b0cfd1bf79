FROM php:8.4
RUN composer install && composer global require a/b:^1.2 && composer create-project a/b
