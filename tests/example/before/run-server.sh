#!/bin/sh
set -eu

exec gunicorn \
    --bind 0.0.0.0:8000 \
    --worker-tmp-dir /dev/shm \
    --access-logfile - \
    "berths:create_app()"
