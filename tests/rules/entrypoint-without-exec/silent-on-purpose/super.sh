#!/bin/sh
supervisord -n
