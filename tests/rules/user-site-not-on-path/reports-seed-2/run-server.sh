#!/bin/sh
set -eu
exec app-server
