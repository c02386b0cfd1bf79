#!/usr/bin/env bash
set -euxo pipefail
set +x
docker login -u ci -p "$TOKEN"
set -x
docker login -u ci --password-stdin <<<"$TOKEN"
docker login -u ci --password-stdin < token.txt
docker build --build-arg VERSION=$VERSION -t app .
curl -H "Accept: $TYPE" https://example.com/
