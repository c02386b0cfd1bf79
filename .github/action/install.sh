#!/usr/bin/env bash
# Puts the tidewaiter binary on this runner; writes its `path` and `version` to GITHUB_OUTPUT.
#
# In this order: the binary that the input names; the tool cache; the release asset, checked against its digest;
# a build from the action's own source. The version is the one of the Cargo.toml beside action.yml, so whoever
# pins the action by commit pins the binary too. No API is asked and no token is sent.
#
# Works in bash 3.2, which macOS has.
set -euo pipefail

attempts=3
# Seconds before the second attempt; one more for each further one. Tests set it to 0.
pause=${TIDEWAITER_RETRY_PAUSE:-3}

# Workflow commands end at a line end, and `%` starts an escape in them.
escaped() {
  local text=$1
  text=${text//'%'/'%25'}
  text=${text//$'\r'/'%0D'}
  text=${text//$'\n'/'%0A'}
  printf '%s' "$text"
}

fail() {
  printf '::error title=tidewaiter::%s\n' "$(escaped "$1")"
  exit 1
}

say() {
  printf 'tidewaiter: %s\n' "$1"
}

# Windows hands over paths with a drive letter and backslashes, which tar takes for a host name.
posix_path() {
  if [[ ${RUNNER_OS:-} == Windows ]] && command -v cygpath >/dev/null; then
    cygpath -u "$1"
  else
    printf '%s' "$1"
  fi
}

# Target triple of the runner's system; empty where no release is built. Windows on ARM runs the x64 binary.
target_of() {
  case $1-$2 in
    Linux-X64) printf 'x86_64-unknown-linux-musl' ;;
    Linux-ARM64) printf 'aarch64-unknown-linux-musl' ;;
    macOS-X64) printf 'x86_64-apple-darwin' ;;
    macOS-ARM64) printf 'aarch64-apple-darwin' ;;
    Windows-X64 | Windows-ARM64) printf 'x86_64-pc-windows-msvc' ;;
  esac
}

# Sets `actual` to the digest of a file.
sha256_of() {
  if command -v sha256sum >/dev/null; then
    actual=$(sha256sum <"$1")
  elif command -v shasum >/dev/null; then
    actual=$(shasum -a 256 <"$1")
  else
    fail "neither sha256sum nor shasum is on this runner, so the download cannot be checked. Name a binary with the input 'binary'."
  fi
  actual=${actual%% *}
}

# download URL FILE: 0 when FILE is there, 44 when the server says that there is no such file, 1 after the last
# attempt failed. Only TLS, except on the loopback interface. `--fail` also reports a body that was cut short.
download() {
  local url=$1 file=$2 attempt=1 status protocols='=https'
  case $url in
    http://127.0.0.1:* | http://localhost:*) protocols='=http,https' ;;
  esac
  while true; do
    if status=$(curl --fail --silent --show-error --location --proto "$protocols" --proto-redir "$protocols" \
      --connect-timeout 15 --max-time 180 --output "$file" --write-out '%{http_code}' -- "$url"); then
      return 0
    fi
    rm -f "$file"
    case $status in
      404 | 410) return 44 ;;
    esac
    if ((attempt >= attempts)); then
      return 1
    fi
    say "attempt $attempt of $attempts failed (HTTP status $status), trying again"
    sleep $((pause + attempt - 1))
    attempt=$((attempt + 1))
  done
}

# Sets `expected` to the digest that the downloaded asset must have: from the list that was committed with the
# release, so that one chain goes from the pinned commit to the bytes; else from the file beside the asset.
expect_digest() {
  local asset=$1 url=$2 digest name result=0
  expected=''
  if [[ -f $action/checksums.txt ]]; then
    while read -r digest name; do
      if [[ $name == "v$version/$asset" ]]; then
        expected=$digest
      fi
    done <"$action/checksums.txt"
  fi
  if [[ -z $expected ]]; then
    download "$url.sha256" "$work/digest" || result=$?
    if ((result != 0)); then
      fail "there is no digest for $url, neither in checksums.txt nor beside it; an unchecked binary is not run."
    fi
    read -r expected _ <"$work/digest" || true
  fi
  if [[ ! $expected =~ ^[0-9a-f]{64}$ ]]; then
    fail "the digest given for $url is not a SHA-256 sum."
  fi
}

# Puts the release's binary at $work/$program; 44 when there is no release for this version and target.
from_release() {
  local asset="tidewaiter-$target.tar.gz" url expected actual result=0
  url="$base/v$version/$asset"
  download "$url" "$work/$asset" || result=$?
  case $result in
    0) ;;
    44) return 44 ;;
    *) fail "$url cannot be fetched. A mirror can be named with the input 'release-url', a binary that is already there with 'binary'." ;;
  esac
  expect_digest "$asset" "$url"
  sha256_of "$work/$asset"
  if [[ $actual != "$expected" ]]; then
    fail "$url has the SHA-256 sum $actual, but $expected is expected; it is not run."
  fi
  tar -xzf "$work/$asset" -C "$work" "$program" || fail "$url cannot be unpacked."
  if [[ ! -f $work/$program || -L $work/$program ]]; then
    fail "$url does not hold the file $program."
  fi
  chmod 755 "$work/$program"
}

# Builds the action's own source. It runs in the action's folder, so that a toolchain file or a cargo
# configuration of the reviewed repository has no say.
from_source() {
  local system=$1
  if ! command -v cargo >/dev/null; then
    fail "there is no release of tidewaiter $version for this runner ($system), and no cargo to build it. Install Rust, or name a binary with the input 'binary'."
  fi
  printf '::group::Build tidewaiter %s for %s (some minutes)\n' "$version" "$system"
  (cd "$action" && cargo install --locked --path . --bin tidewaiter --root "$work/root") ||
    fail "tidewaiter $version cannot be built on this runner ($system); cargo says why above."
  printf '::endgroup::\n'
  mv "$work/root/bin/$program" "$work/$program"
}

# Sets `words` to what the binary says of itself; a binary that does not run here is an error.
ask_version() {
  words=$("$1" --version) || fail "$2 does not run on this runner."
  words=${words%%$'\n'*}
  if [[ $words != tidewaiter\ [0-9]* ]]; then
    fail "$2 is not tidewaiter: its --version says something else."
  fi
}

# Tells the next step where the binary is.
hand_over() {
  local words
  ask_version "$1" "$1"
  say "using $1 ($words)"
  printf 'path=%s\nversion=%s\n' "$1" "${words##* }" >>"$GITHUB_OUTPUT"
}

if [[ -n ${INPUT_BINARY:-} ]]; then
  if [[ $INPUT_BINARY == *$'\n'* || ! -f $INPUT_BINARY || ! -x $INPUT_BINARY ]]; then
    fail "the input 'binary' is not the path of an executable file: $INPUT_BINARY"
  fi
  # The review step must find it from wherever it runs, and never on PATH.
  case $INPUT_BINARY in
    /* | [A-Za-z]:*) hand_over "$INPUT_BINARY" ;;
    *) hand_over "$PWD/$INPUT_BINARY" ;;
  esac
  exit 0
fi

action=$(posix_path "$GITHUB_ACTION_PATH")
version=$(sed -n 's/^version = "\([0-9A-Za-z.+-]*\)"$/\1/p' "$action/Cargo.toml" | head -n 1)
if [[ -z $version ]]; then
  fail "the action's Cargo.toml names no version."
fi
base=${INPUT_RELEASE_URL:-https://github.com/tidewaiter/tidewaiter/releases/download}
base=${base%/}
target=$(target_of "${RUNNER_OS:-unknown}" "${RUNNER_ARCH:-unknown}")
program=tidewaiter
if [[ ${RUNNER_OS:-} == Windows ]]; then
  program=tidewaiter.exe
fi

# Where there is no release the folder bears the system's name, for a build from source.
cache=$(posix_path "${RUNNER_TOOL_CACHE:-${RUNNER_TEMP:-${TMPDIR:-/tmp}}}")
home="$cache/tidewaiter/$version/${target:-${RUNNER_OS:-unknown}-${RUNNER_ARCH:-unknown}}"
if [[ -x $home/$program ]]; then
  hand_over "$home/$program"
  exit 0
fi

mkdir -p "$home"
# Beside its later place: the move is then one step, and two jobs on one machine cannot see half a file.
work=$(mktemp -d "$home/.install.XXXXXX")
trap 'rm -rf "$work"' EXIT

result=44
if [[ -n $target ]]; then
  result=0
  from_release || result=$?
fi
if ((result == 44)); then
  from_source "${RUNNER_OS:-unknown}-${RUNNER_ARCH:-unknown}"
fi
# Before the move: a binary for another system must not stay in the cache.
ask_version "$work/$program" "$program"
mv -f "$work/$program" "$home/$program"
hand_over "$home/$program"
