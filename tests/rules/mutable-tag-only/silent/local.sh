#!/bin/sh
set -eu
docker build -t example/app:latest .
docker run --rm example/app:latest
