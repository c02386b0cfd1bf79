ARG TARGETPLATFORM
FROM --platform=$TARGETPLATFORM alpine:3.24
FROM --platform=${TARGETPLATFORM} alpine:3.24
FROM --platform="$TARGETPLATFORM" alpine:3.24
FROM --platform=$BUILDPLATFORM alpine:3.24
FROM --platform=$TARGETOS/$TARGETARCH alpine:3.24
FROM --platform=${TARGETPLATFORM:-linux/amd64} alpine:3.24
# expect: RedundantTargetPlatform 2
# expect: RedundantTargetPlatform 3
# expect: RedundantTargetPlatform 4
# theirs: RedundantTargetPlatform 7 the fallback counts where BuildKit is not the builder
