#!/usr/bin/env bash
set -euo pipefail
exec curl -fsS "$@"
