#!/bin/sh
set -e
go build -ldflags "-X main.rev=$(git rev-parse HEAD)" -o app .
