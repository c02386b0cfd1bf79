FROM ruby:3.4 AS build
WORKDIR /app
COPY . .
RUN bundle install
FROM scratch
