#!/bin/sh
# su-exec is not used here
exec python -m app
