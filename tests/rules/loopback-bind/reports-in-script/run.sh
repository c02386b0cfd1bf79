#!/bin/sh
set -e
exec uvicorn app:app --host 127.0.0.1
