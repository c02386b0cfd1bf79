FROM openjdk:17-slim AS build
RUN javac A.java
FROM debian:trixie-slim
COPY --from=build /A.class /A.class
USER 1
