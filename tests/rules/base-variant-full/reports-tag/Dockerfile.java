FROM eclipse-temurin:21-jdk-noble
COPY build/libs/app.jar /app.jar
USER 65534:65534
ENTRYPOINT ["java", "-jar", "/app.jar"]
