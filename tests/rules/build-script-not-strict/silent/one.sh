#!/bin/sh
docker build -t my_image:1 .
