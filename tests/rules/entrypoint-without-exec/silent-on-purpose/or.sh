#!/bin/sh
server || exit 3
