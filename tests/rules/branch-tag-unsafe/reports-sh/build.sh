#!/bin/sh
set -eu
BRANCH="$(git rev-parse --abbrev-ref HEAD)"
docker build -t "example/app:pr-${BRANCH}" .
docker tag "example/app:pr-$BRANCH" "registry.example.com/app:pr-$BRANCH"
docker push "registry.example.com/app:pr-$BRANCH"
