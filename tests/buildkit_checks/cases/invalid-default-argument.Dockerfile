ARG VERSION
ARG SFX="box:"
ARG VARIANT=""
ARG GOOD="latest"
FROM busybox:$VERSION
FROM busy${SFX}
FROM busybox:stable${VARIANT}
FROM busybox:${GOOD}
FROM busybox:stable${VERSION}
# theirs: InvalidDefaultArgInFrom 5 an argument without a default is mandatory on purpose
# expect: InvalidDefaultArgInFrom 6
