#!/bin/sh
FOO=1 exec server
