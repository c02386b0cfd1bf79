#!/bin/sh
set -eu
exec chronyd -d -x -f /etc/chrony/chrony.conf
