FROM eclipse-temurin:21-jre-alpine
USER 1
