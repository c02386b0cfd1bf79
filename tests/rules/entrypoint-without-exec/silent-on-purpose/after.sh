#!/bin/sh
server
echo stopped
