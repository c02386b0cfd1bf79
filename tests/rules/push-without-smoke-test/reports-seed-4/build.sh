#!/usr/bin/env bash

#
# Ver 2.
#

set -euxo pipefail

GIT_BRANCH=$(git rev-parse --abbrev-ref HEAD)

docker build -t "my_image:$GIT_BRANCH" .
docker push "my_image:$GIT_BRANCH"
