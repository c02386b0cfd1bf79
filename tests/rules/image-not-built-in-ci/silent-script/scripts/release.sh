#!/bin/sh
set -eu
cd "$(dirname "$0")/.."
docker build -t app:"$1" .
docker push app:"$1"
