#!/bin/sh
case $1 in
  develop)
    shift
    export FLASK_ENV=development
    exec flask run --port 80 "$@"
    ;;
  "")
    exec gunicorn --worker-tmp-dir /dev/shm -b :80 wsgi:app
    ;;
  *)
    exec "$@"
    ;;
esac
