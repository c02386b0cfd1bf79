#!/bin/sh
set -eu
docker build -t example/app .
docker run --rm --network app example/app
docker run --rm --privileged multiarch/qemu-user-static --reset
