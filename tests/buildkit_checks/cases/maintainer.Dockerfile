FROM alpine:3.24
MAINTAINER me@example.org
LABEL org.opencontainers.image.authors="me@example.org"
LABEL maintainer="me@example.org"
maintainer \
  me
# expect: MaintainerDeprecated 2
# expect: MaintainerDeprecated 5
# expect: ConsistentInstructionCasing 5
