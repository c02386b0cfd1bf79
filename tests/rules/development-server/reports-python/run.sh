#!/bin/sh
exec uvicorn app:app --host 0.0.0.0 --reload
