#!/bin/sh
export PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1
exec python -m app
