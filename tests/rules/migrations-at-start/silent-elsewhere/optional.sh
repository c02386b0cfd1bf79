#!/bin/sh
if [ "$RUN_MIGRATIONS" = yes ]; then
  python manage.py migrate
fi
exec gunicorn app:app
