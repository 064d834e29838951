# shellcheck shell=bash
# What the system tests share: skipping, checks that read as sentences, a Debian tree, the sandbox upstream.

build=${1:?usage: $0 BUILD-DIRECTORY}
# shellcheck disable=SC2034 # for the tests
source_directory=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# What may be kept for the next run lies in the build directory; what is of this run alone, at a short path: names of
# sockets are limited.
work=$build/system
mkdir -p "$work"
run=$(mktemp -d /tmp/tokenbroker-system.XXXXXX)
failures=0
checks=0

skip() { echo "skipped: $*"; exit 77; }

# check SENTENCE COMMAND...: what has to be so.
check() {
  local sentence=$1
  shift
  checks=$((checks + 1))
  local output
  if output=$("$@" 2>&1); then
    echo "ok: $sentence"
  else
    failures=$((failures + 1))
    echo "FAILED: $sentence"
    echo "  command: $*"
    printf '%s\n' "$output" | sed 's/^/  | /' | tail -n 20
  fi
}
# refused COMMAND...: it can run, and fails.
refused() {
  local code=0
  "$@" || code=$?
  if [ "$code" = 0 ] || [ "$code" -ge 126 ]; then
    echo "exit status $code"
    return 1
  fi
}
# exits_with CODE COMMAND...
exits_with() {
  local wanted=$1 code=0
  shift
  "$@" || code=$?
  [ "$code" = "$wanted" ] || { echo "exit status $code, not $wanted"; return 1; }
}
# contains WORD COMMAND...
contains() {
  local wanted=$1 output
  shift
  output=$("$@" 2>&1) || true
  [[ $output == *"$wanted"* ]] || { echo "no '$wanted' in: $output"; return 1; }
}
# lacks WORD COMMAND...: it says something, and not that.
lacks() {
  local unwanted=$1 output
  shift
  output=$("$@" 2>&1) || { echo "exit status $? of: $*"; return 1; }
  [ -n "$output" ] || { echo "it says nothing"; return 1; }
  [[ $output != *"$unwanted"* ]] || { echo "'$unwanted' in: $(grep -m 3 -F -- "$unwanted" <<<"$output")"; return 1; }
}
# in_milliseconds MOST COMMAND...: it succeeds, and takes no longer.
in_milliseconds() {
  local most=$1 begin took
  shift
  begin=$(date +%s%N)
  "$@" || return
  took=$((($(date +%s%N) - begin) / 1000000))
  [ "$took" -le "$most" ] || { echo "it took $took ms"; return 1; }
}
# is WORDS COMMAND...: what it prints.
is() {
  local wanted=$1 output
  shift
  output=$("$@" 2>&1) || true
  [ "$output" = "$wanted" ] || { echo "not '$wanted' but: $output"; return 1; }
}
# within SECONDS COMMAND...: it has to become true.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$end" ]; then
      "$@"
      return
    fi
    sleep 0.2
  done
}
finish() {
  echo "$checks checks, $failures failed"
  [ "$failures" = 0 ]
}

require_root() { [ "$(id -u)" = 0 ] || skip "$1 needs root"; }
require_tools() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || skip "$tool is not installed (scripts/install-dependencies --system)"
  done
}

# A Debian tree with systemd, made once and kept: what the machine's own apt source has now. What the package and the
# image depend on is not in it: they have to say so.
debian_tree() {
  local tree=$work/debian source sources=()
  if [ ! -e "$tree.complete" ]; then
    for source in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
      [ -s "$source" ] && sources+=("$source")
    done
    rm -rf "$tree"
    mmdebstrap --quiet --variant=minbase --include=systemd,systemd-sysv,dbus-user-session --dpkgopt=force-unsafe-io \
      --aptopt='Acquire::Retries "5"' bookworm "$tree" "${sources[@]}" >"$work/debian.log" 2>&1 ||
      skip "no Debian can be had from the mirror: $(tail -n 1 "$work/debian.log")"
    touch "$tree.complete"
  fi
  echo "$tree"
}

# Starts the stand-in upstream on the loopback that the container shares.
start_sandbox() {
  "$build/bin/tokenbroker-sandbox" --listen 127.0.0.1:0 --port-file "$run/port" --ca-file "$run/ca.pem" \
    >"$run/sandbox.log" 2>&1 &
  sandbox_pid=$!
  within 10 test -s "$run/port"
  upstream=https://127.0.0.1:$(cat "$run/port")
}
stop_sandbox() { [ -z "${sandbox_pid-}" ] || kill "$sandbox_pid" 2>/dev/null || true; }
sandbox_is_told() { curl -sS --fail --cacert "$run/ca.pem" --json "$1" "$upstream/sandbox/behaviour"; }
# How many logins the upstream saw.
logins() {
  curl -sS --cacert "$run/ca.pem" "$upstream/sandbox/counts" |
    python3 -c 'import json,sys; print(json.load(sys.stdin)["endpoints"].get("rossum.login", {}).get("requests", 0))'
}
logins_are() { is "$1" logins; }
