#!/bin/sh
serve() {
  server --port 80
}
case "$1" in
  web) serve ;;
  worker) celery -A app worker ;;
  migrate) python manage.py migrate ;;
  shell) exec bash ;;
  *) if [ -n "$DEBUG" ]; then
       server --debug
     else
       exec "$@"
     fi ;;
esac
