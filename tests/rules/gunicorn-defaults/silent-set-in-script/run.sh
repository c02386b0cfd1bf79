#!/bin/sh
export GUNICORN_CMD_ARGS="--access-logfile - --bind=0.0.0.0:5000 --workers=$WORKERS --worker-tmp-dir /dev/shm"
exec gunicorn server:app "$@"
