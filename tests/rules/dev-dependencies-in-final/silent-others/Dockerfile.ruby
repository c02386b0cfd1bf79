FROM ruby:3.4-slim-trixie
ENV BUNDLE_WITHOUT=development:test
WORKDIR /app
COPY . .
RUN bundle install
