#!/bin/sh
docker build -t my_image:1 . && docker push my_image:1
