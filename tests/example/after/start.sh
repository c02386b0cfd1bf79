#!/bin/sh
set -eu

# Fail at once, not at the first request, when the tide service refuses the token.
python -m berths.tides --check

gunicorn \
    --bind 0.0.0.0:8000 \
    --worker-tmp-dir /dev/shm \
    --access-logfile - \
    "berths:create_app()"
