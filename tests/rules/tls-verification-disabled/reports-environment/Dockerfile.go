FROM golang:1.27-trixie
ENV GOINSECURE=git.corp GOFLAGS="-mod=mod -insecure" GONOSUMDB=*
ENV npm_config_strict_ssl="false"
