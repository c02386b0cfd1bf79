#!/bin/sh
set -eu
docker build -t app:1 .
./smoke-test.sh app:1
docker push app:1
