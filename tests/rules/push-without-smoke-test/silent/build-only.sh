#!/bin/sh
set -eu
docker build -t app:1 .
