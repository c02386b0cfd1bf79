#!/bin/bash -e
echo start
exec python -m app "$@"
