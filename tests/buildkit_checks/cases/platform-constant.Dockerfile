FROM --platform=linux/amd64 alpine:3.24
FROM --platform=linux/amd64 alpine:3.24 AS my_amd64_stage
FROM --platform=linux/amd64 alpine:3.24 AS linux
FROM --platform=linux/arm64 alpine:3.24 AS other
FROM --platform=$BUILDPLATFORM alpine:3.24
FROM --platform=linux/$TARGETARCH alpine:3.24
FROM alpine:3.24
# expect: FromPlatformFlagConstDisallowed 1
# expect: FromPlatformFlagConstDisallowed 4
