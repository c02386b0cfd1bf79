#!/bin/sh
run() {
  server "$1"
}
run first
run second
