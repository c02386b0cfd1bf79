#!/bin/sh
set -eu
docker build -t "example/app:$(git rev-parse --abbrev-ref HEAD)" .
docker push "example/app:$CI_COMMIT_REF_NAME"
