#!/bin/sh
set -eu
docker build -t "example/app:$VERSION" -t example/app:latest .
docker push "example/app:$VERSION"
docker push example/app:latest
