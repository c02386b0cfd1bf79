#!/usr/bin/env bash

#
# Ver 1.
#

test.py
docker build -t my_image:latest .
docker push my_image:latest
