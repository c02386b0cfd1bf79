#!/usr/bin/env bash

set -euxo pipefail

docker login -u ci -p "$TOKEN"
docker build -t my_image:latest .
docker push my_image:latest
