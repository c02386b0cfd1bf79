#!/usr/bin/env bash
set -Eeuo pipefail
initdb --pwfile="$POSTGRES_PASSWORD_FILE"
