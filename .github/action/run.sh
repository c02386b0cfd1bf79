#!/usr/bin/env bash
# Runs the review, or the audit of the whole repository, with the action's inputs. The exit code is the binary's; the output `outcome` says it in a word.
set -euo pipefail

misused() {
  printf 'outcome=misused\n' >>"$GITHUB_OUTPUT"
  printf '::error title=tidewaiter::%s\n' "$1"
  exit 2
}

# These events are about no pull request, unless one is named.
command=review
case ${GITHUB_EVENT_NAME:-} in
  workflow_dispatch | schedule | push) [[ -n ${INPUT_PULL_REQUEST:-} ]] || command=audit ;;
esac

# `--flag=value`, so that no value is ever taken for a flag.
arguments=("$command")
if [[ -n ${INPUT_PULL_REQUEST:-} ]]; then
  if [[ ! $INPUT_PULL_REQUEST =~ ^[1-9][0-9]{0,9}$ ]]; then
    misused "the input 'pull-request' must be the number of a pull request."
  fi
  arguments+=("--repo=$GITHUB_REPOSITORY" "--pr=$INPUT_PULL_REQUEST")
fi
if [[ -n ${INPUT_CONFIG:-} ]]; then
  arguments+=("--config=$INPUT_CONFIG")
fi
if [[ $command == review && -n ${INPUT_REPORT:-} ]]; then
  arguments+=("--report=$INPUT_REPORT")
fi
if [[ -n ${INPUT_FAIL_ON:-} ]]; then
  arguments+=("--fail-on=$INPUT_FAIL_ON")
fi
case ${INPUT_DRY_RUN:-false} in
  true) [[ $command == audit ]] || arguments+=(--dry-run) ;;
  false) ;;
  *) misused "the input 'dry-run' must be 'true' or 'false'." ;;
esac
if [[ -n ${INPUT_PLAN:-} ]]; then
  arguments+=("--plan=$INPUT_PLAN")
fi
if [[ -n ${INPUT_PUBLISH:-} ]]; then
  arguments+=("--publish=$INPUT_PUBLISH")
fi

# switch INPUT VALUE FLAG: the flag where the input is true. A dry run writes nothing.
switch() {
  case ${2:-false} in
    true) [[ ${INPUT_DRY_RUN:-false} == true ]] || arguments+=("$3") ;;
    false) ;;
    *) misused "the input '$1' must be 'true' or 'false'." ;;
  esac
}

if [[ $command == audit ]]; then
  if [[ -n ${INPUT_REF:-} ]]; then
    arguments+=("--ref=$INPUT_REF")
  fi
  if [[ -n ${INPUT_SARIF:-} ]]; then
    arguments+=("--sarif=$INPUT_SARIF")
  fi
  if [[ -n ${INPUT_FIX_BRANCH:-} ]]; then
    arguments+=("--fix-branch=$INPUT_FIX_BRANCH")
  fi
  switch upload-sarif "${INPUT_UPLOAD_SARIF:-}" --upload-sarif
  switch issue "${INPUT_ISSUE:-}" --issue
  switch fix-pull-request "${INPUT_FIX_PULL_REQUEST:-}" --fix-pull-request
  switch confirm-fixes "${INPUT_CONFIRM_FIXES:-}" --confirm-fixes
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
