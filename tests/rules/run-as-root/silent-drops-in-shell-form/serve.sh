#!/bin/sh
./prepare
exec setpriv --reuid 10001 ./server
