#!/bin/sh
set -eu
jq -r .number "$GITHUB_EVENT_PATH"
