#!/usr/bin/env bash
set -euo pipefail
docker login -u ci -p "$TOKEN"
docker build -t app .
