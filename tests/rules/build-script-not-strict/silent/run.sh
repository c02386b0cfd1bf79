#!/bin/sh
docker stop app
docker run -d --name app my_image:1
