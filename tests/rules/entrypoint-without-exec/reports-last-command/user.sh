#!/bin/sh
./wait-for db && gosu app /srv/server
