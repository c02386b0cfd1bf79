#!/bin/sh
export NODE_ENV=production
exec node server.js
