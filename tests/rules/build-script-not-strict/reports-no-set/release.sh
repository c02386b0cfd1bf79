#!/bin/sh
cd "$(dirname "$0")"
podman build -t "app:$1" .
podman push "app:$1"
