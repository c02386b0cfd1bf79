#!/bin/sh
set -eu
docker build -t example/app .
docker run --rm --privileged -v /var/run/docker.sock:/var/run/docker.sock --net=host example/app
