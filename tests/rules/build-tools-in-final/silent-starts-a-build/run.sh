#!/bin/sh
set -e
make -C /work
exec /work/app
