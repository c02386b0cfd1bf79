ARG TARGETPLATFORM=linux/arm64
FROM --platform=$TARGETPLATFORM alpine:3.24
# theirs: RedundantTargetPlatform 2 the file sets the platform itself
