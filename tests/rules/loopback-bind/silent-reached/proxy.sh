#!/bin/sh
nginx -g "daemon off;" &
exec gunicorn -b 127.0.0.1:8000 app:app
