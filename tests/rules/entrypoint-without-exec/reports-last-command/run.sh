#!/bin/bash
set -e
FOO=1 /srv/server --port "$PORT" \
  --verbose
