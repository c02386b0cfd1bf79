#!/bin/sh
set -eu
docker pull debian:13-slim
new=$(docker inspect --format "{{index .RepoDigests 0}}" debian:13-slim)
sed -i "s|@sha256:[0-9a-f]*|@${new#*@}|" Dockerfile
