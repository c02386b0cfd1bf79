#!/usr/bin/env bash
# Runs the review with the action's inputs. The exit code is the binary's; the output `outcome` says it in a word.
set -euo pipefail

misused() {
  printf 'outcome=misused\n' >>"$GITHUB_OUTPUT"
  printf '::error title=tidewaiter::%s\n' "$1"
  exit 2
}

# `--flag=value`, so that no value is ever taken for a flag.
arguments=(review)
if [[ -n ${INPUT_PULL_REQUEST:-} ]]; then
  if [[ ! $INPUT_PULL_REQUEST =~ ^[1-9][0-9]{0,9}$ ]]; then
    misused "the input 'pull-request' must be the number of a pull request."
  fi
  arguments+=("--repo=$GITHUB_REPOSITORY" "--pr=$INPUT_PULL_REQUEST")
fi
if [[ -n ${INPUT_CONFIG:-} ]]; then
  arguments+=("--config=$INPUT_CONFIG")
fi
if [[ -n ${INPUT_REPORT:-} ]]; then
  arguments+=("--report=$INPUT_REPORT")
fi
if [[ -n ${INPUT_FAIL_ON:-} ]]; then
  arguments+=("--fail-on=$INPUT_FAIL_ON")
fi
case ${INPUT_DRY_RUN:-false} in
  true) arguments+=(--dry-run) ;;
  false) ;;
  *) misused "the input 'dry-run' must be 'true' or 'false'." ;;
esac
if [[ -n ${INPUT_PLAN:-} ]]; then
  arguments+=("--plan=$INPUT_PLAN")
fi
if [[ -n ${INPUT_PUBLISH:-} ]]; then
  arguments+=("--publish=$INPUT_PUBLISH")
fi

code=0
"$TIDEWAITER" "${arguments[@]}" || code=$?

case $code in
  0) outcome=passed ;;
  1) outcome=findings ;;
  2) outcome=misused ;;
  *) outcome=failed ;;
esac
printf 'outcome=%s\n' "$outcome" >>"$GITHUB_OUTPUT"
exit "$code"
