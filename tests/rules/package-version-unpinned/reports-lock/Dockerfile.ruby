FROM ruby:3.4-slim-trixie
RUN gem install --no-document puma
