ARG tag=latest
ARG MY_ARCH=amd64
FROM alpine:${tag}${version} AS b
FROM --platform=$BUILDPLATFORM alpine:$tag
FROM --platform=linux/${MY_ARCH}${MYARCH} alpine:3.24
# expect: UndefinedArgInFrom 3
# expect: UndefinedArgInFrom 5
