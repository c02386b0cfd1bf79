#!/bin/sh
python -m app
