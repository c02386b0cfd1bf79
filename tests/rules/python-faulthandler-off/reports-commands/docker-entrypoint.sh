#!/bin/sh
set -e
if [ "$1" = help ]; then
  echo help
fi
exec "$@"
