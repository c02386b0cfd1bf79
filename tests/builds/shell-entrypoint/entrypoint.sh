#!/bin/sh
set -e
mkdir -p /tmp/www
jq -r '[.[].name] | join(", ")' /data/ships.json > /tmp/www/index.html
lighttpd -D -f /data/lighttpd.conf
