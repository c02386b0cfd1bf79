FROM php:8.4-fpm-trixie
RUN composer global require friendsofphp/php-cs-fixer
