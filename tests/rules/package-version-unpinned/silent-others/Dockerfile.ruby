FROM ruby:3.4
RUN gem install bundler && gem install rails -v 7.1 && gem install puma:6.4 && gem install rake --version "13.1"
