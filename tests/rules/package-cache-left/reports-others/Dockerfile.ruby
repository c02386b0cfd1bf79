FROM ruby:3.4
ENV BUNDLE_PATH=/usr/local/bundle
RUN bundle install
