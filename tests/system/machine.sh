# shellcheck shell=bash
# A booted Debian with systemd as PID 1, in a container that shares the network, and words to say things in it.

root=$run/root
boot_pid=""
leader=""

# The container's own PID 1 is the only child of systemd-nspawn.
find_leader() { leader=$(pgrep -P "$boot_pid" | head -n 1) && [ -n "$leader" ]; }
booted() { find_leader && inside systemctl is-active --quiet multi-user.target; }
boot() {
  cp -a --reflink=auto "$1" "$root"
  rm -f "$root/etc/machine-id"
  # Secrets are in locked memory, which a container may not have unasked.
  systemd-nspawn -q -D "$root" --register=no --keep-unit --capability=CAP_IPC_LOCK -b --console=read-only >"$work/boot.log" 2>&1 &
  boot_pid=$!
  within 60 booted && find_leader
}
power_off() {
  [ -n "$boot_pid" ] || return
  [ -z "$leader" ] || inside systemctl poweroff >/dev/null 2>&1
  timeout 20 tail --pid="$boot_pid" -f /dev/null || kill -9 "$boot_pid" 2>/dev/null
}

inside() { nsenter -t "$leader" -a -- "$@"; }
as() { local user=$1; shift; inside setpriv --reuid="$user" --regid="$user" --init-groups "$@"; }
in_unit() { local unit=$1 user=$2; shift 2; inside systemd-run -q --wait --pipe --unit="$unit" --uid="$user" "$@"; }
# A unit of the user's own service manager, which the user may name as he likes.
in_unit_of_user() {
  local unit=$1 user=$2 uid
  shift 2
  uid=$(inside id -u "$user")
  inside systemctl start "user@$uid.service"
  as "$user" env XDG_RUNTIME_DIR="/run/user/$uid" systemd-run -q --user --wait --pipe --unit="$unit" "$@"
}
property() { inside systemctl show -P "$2" "$1"; }
# property_is UNIT NAME VALUE
property_is() { is "$3" property "$1" "$2"; }
status_says() { contains "$1" property tokenbroker.service StatusText; }
journal() { inside journalctl -q --no-pager "$@"; }
# The socket, as seen from here.
socket() { echo "/proc/$leader/root/run/tokenbroker/tokenbroker.sock"; }
ask() { curl -sS --unix-socket "$(socket)" "http://localhost$1"; }

# Puts a configuration in place: the account rossum-prod, and what more is said.
configure() {
  local socket=${socket_settings-}
  [ -n "$socket" ] || socket="{ group: tokenbroker }"
  cat >"$root/etc/tokenbroker/tokenbroker.yaml" <<YAML
socket: $socket
state: { directory: ${state_directory-/var/lib/tokenbroker}, key: { credential: state-key } }
accounts:
  rossum-prod:
    recipe: rossum
    base_url: $upstream
    inputs: { username: api_user@mycompany, password: { credential: rossum-prod } }
    tls: { ca_file: /etc/tokenbroker/ca.pem }
    allow: [ { group: integrations }, { unit: invoices.service } ]
${1-}
YAML
  chmod 640 "$root/etc/tokenbroker/tokenbroker.yaml"
  inside chown root:tokenbroker /etc/tokenbroker/tokenbroker.yaml
}
