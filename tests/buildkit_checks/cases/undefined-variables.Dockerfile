FROM alpine:3.24 AS base
ARG foo=Dockerfile
COPY $foo .
FROM base
COPY ${foo} .
RUN echo $PATH $nowhere
FROM alpine:3.24
COPY $bar .
ARG bar=baz
ARG DIR_ASSETS=assets/
COPY $DIR_ASSET .
# expect: UndefinedVar 8
# expect: UndefinedVar 11
