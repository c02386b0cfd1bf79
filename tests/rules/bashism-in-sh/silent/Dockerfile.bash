FROM rockylinux:9
RUN [[ -f x ]] && source x
FROM fedora:42
RUN mkdir -p /{a,b}
FROM debian:12 AS one
SHELL ["/bin/bash", "-c"]
ENV A=1
RUN [[ -f x ]]
FROM one
RUN [[ -f x ]]
