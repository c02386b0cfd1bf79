#!/bin/sh
if [ "$1" = x ]; then shift; fi
exec "$@"
