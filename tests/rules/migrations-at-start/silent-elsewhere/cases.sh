#!/bin/sh
case "$1" in
  migrate) python manage.py migrate ;;
  *) exec gunicorn app:app ;;
esac
