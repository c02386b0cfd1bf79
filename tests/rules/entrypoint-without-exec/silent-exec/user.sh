#!/bin/sh
exec gosu app server
