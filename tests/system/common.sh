# shellcheck shell=bash
# What both system tests share: skipping, checks that read as sentences, a Debian tree, the sandbox upstream.

build=${1:?usage: $0 BUILD-DIRECTORY}
# shellcheck disable=SC2034 # for the tests
source_directory=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=${TOKENBROKER_SYSTEM_WORK:-/var/tmp/tokenbroker-system}
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
refused() { ! "$@"; }
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

require_root() { [ "$(id -u)" = 0 ] || skip "booting a system needs root"; }
require_tools() {
  for tool in "$@"; do
    command -v "$tool" >/dev/null || skip "$tool is not installed (scripts/install-dependencies --system)"
  done
}

mirror() {
  sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb +(\[[^]]*\] +)?([^ ]+).*/\2/p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -m1 '/debian/\?$' || echo http://deb.debian.org/debian
}

# A Debian tree with systemd and what the package depends on, made once and kept.
debian_tree() {
  local tree=$work/debian packages
  packages=systemd,systemd-sysv,dbus,ca-certificates,curl,libyaml-cpp0.7,libspdlog1.10,libprometheus-cpp-core1.0,libssl3
  if [ ! -e "$tree.complete" ]; then
    rm -rf "$tree"
    mkdir -p "$work"
    debootstrap --variant=minbase --include="$packages" bookworm "$tree" "$(mirror)" >"$work/debootstrap.log" 2>&1 ||
      skip "debootstrap failed, so there is no Debian to boot: $(tail -n 1 "$work/debootstrap.log")"
    touch "$tree.complete"
  fi
  echo "$tree"
}

# Starts the stand-in upstream on the loopback that the container shares.
start_sandbox() {
  sandbox_directory=$(mktemp -d "$work/sandbox.XXXXXX")
  "$build/bin/tokenbroker-sandbox" --listen 127.0.0.1:0 --port-file "$sandbox_directory/port" \
    --ca-file "$sandbox_directory/ca.pem" >"$sandbox_directory/log" 2>&1 &
  sandbox_pid=$!
  within 10 test -s "$sandbox_directory/port"
  upstream=https://127.0.0.1:$(cat "$sandbox_directory/port")
}
stop_sandbox() {
  kill "$sandbox_pid" 2>/dev/null || true
  rm -rf "$sandbox_directory"
}
# How many logins the upstream saw.
logins() {
  curl -sS --cacert "$sandbox_directory/ca.pem" "$upstream/sandbox/counts" |
    python3 -c 'import json,sys; print(json.load(sys.stdin)["endpoints"].get("rossum.login", {}).get("requests", 0))'
}
