FROM maven:3-eclipse-temurin-21 AS build
WORKDIR /src
ADD . /src
RUN mvn -B package

FROM eclipse-temurin:21-jre
COPY --from=build /src/target/app.jar /app.jar
USER 65534:65534
CMD ["java", "-jar", "/app.jar"]
