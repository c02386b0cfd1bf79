#!/usr/bin/env bash
set -euo pipefail
BRANCH=$(git rev-parse --abbrev-ref HEAD)
TAG=${BRANCH//\//-}
OTHER=$(echo "$BRANCH" | tr / -)
docker build -t "app:$TAG" -t "app:$OTHER" -t "app:$CI_COMMIT_REF_SLUG" -t "app:$(git rev-parse --abbrev-ref HEAD | sed 's|/|-|g')" .
echo "built from $BRANCH"
docker build --build-arg BRANCH="$BRANCH" -t app:1 .
