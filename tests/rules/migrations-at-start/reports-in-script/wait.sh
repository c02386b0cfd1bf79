#!/bin/sh
until poetry run alembic upgrade head; do
  sleep 1
done
exec "$@"
