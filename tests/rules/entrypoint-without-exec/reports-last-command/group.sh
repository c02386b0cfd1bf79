#!/bin/sh
{ echo start; server; } 2>&1
