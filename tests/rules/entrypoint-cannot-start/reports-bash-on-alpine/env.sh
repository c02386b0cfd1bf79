#!/usr/bin/env bash
set -eu
exec python -m app
