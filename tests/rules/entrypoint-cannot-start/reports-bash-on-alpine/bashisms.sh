#!/bin/bash
if [[ $1 == a ]]; then shift; fi
exec node server.js
