FROM openjdk:8-jre-slim-buster
USER 1
