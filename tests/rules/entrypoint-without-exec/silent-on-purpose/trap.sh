#!/bin/bash
trap "kill 0" TERM
server
