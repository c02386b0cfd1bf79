#!/usr/bin/env bash
set -Eeuo pipefail

if [ ! -e index.php ]; then
	cp -a /usr/src/blog/. .
fi

exec "$@"
