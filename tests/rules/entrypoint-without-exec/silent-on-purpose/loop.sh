#!/bin/sh
while true; do job; sleep 60; done
