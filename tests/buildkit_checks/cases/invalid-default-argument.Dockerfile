ARG VERSION
ARG SFX="box:"
ARG VARIANT=""
ARG GOOD="latest"
FROM busybox:$VERSION
FROM busy${SFX}
FROM busybox:stable${VARIANT}
FROM busybox:${GOOD}
FROM busybox:stable${VERSION}
# expect: InvalidDefaultArgInFrom 5
# expect: InvalidDefaultArgInFrom 6
