#!/bin/sh
set -e
docker buildx build --target=Build -t example/app:1 .
