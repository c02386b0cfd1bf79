# check=skip=all
FROM alpine:3.24 as Base
copy a /a
MAINTAINER me
