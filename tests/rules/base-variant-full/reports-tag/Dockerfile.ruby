FROM ruby:3.4-trixie
WORKDIR /app
COPY app.rb ./
USER 65534:65534
CMD ["ruby", "app.rb"]
