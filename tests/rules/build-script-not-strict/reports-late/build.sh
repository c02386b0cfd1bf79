#!/bin/bash
VERSION=1.0
docker build -t "app:$VERSION" .
set -e
docker push "app:$VERSION"
