#!/bin/sh
# Writes the page and serves it.
{ echo '<ul>'; sed 's/.*/<li>&/' ships; } > /tmp/www/index.html
lighttpd -D -f lighttpd.conf
