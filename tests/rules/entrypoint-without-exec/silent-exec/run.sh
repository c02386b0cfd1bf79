#!/bin/sh
exec server --port 80
