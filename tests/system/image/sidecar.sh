# shellcheck shell=bash
# config/examples/kubernetes/sidecar.yaml: volumes as a kubelet makes them for fsGroup 64646.

pod=$run/pod
socket_folder=$pod/socket
empty_dir() { install -d -m 2777 -o root -g 64646 "$@"; }
# projected FOLDER FILE...: a ConfigMap or Secret. Its files are links to links, changed by one rename.
projected() {
  local folder=$1 file stamp
  shift
  empty_dir "$folder"
  stamp=$(mktemp -d "$folder/..XXXXXX")
  chmod 755 "$stamp"
  for file in "$@"; do
    install -m 440 -o root -g 64646 "$file" "$stamp/"
    ln -sfn "..data/$(basename "$file")" "$folder/$(basename "$file")"
  done
  ln -sfn "$(basename "$stamp")" "$folder/..data_tmp"
  mv -T "$folder/..data_tmp" "$folder/..data"
}
mkdir -p "$pod" "$run/files"
empty_dir "$socket_folder" "$pod/state"
"$here/example" "$source_directory/config/examples/kubernetes/sidecar.yaml" "$upstream" /etc/tokenbroker/ca.pem \
  >"$run/files/tokenbroker.yaml"
cp "$run/ca.pem" "$run/files/"
printf sandbox-password >"$run/files/rossum-prod"
projected "$pod/configuration" "$run/files/tokenbroker.yaml" "$run/files/ca.pem"
projected "$pod/passwords" "$run/files/rossum-prod"
start_pod() {
  start "$socket_folder:/run/tokenbroker" "$pod/state:/var/lib/tokenbroker" \
    "$pod/configuration:/etc/tokenbroker:ro" "$pod/passwords:/run/secrets/tokenbroker:ro" -- \
    TOKENBROKER_CONFIG=/etc/tokenbroker/tokenbroker.yaml
}
status_of_first() { sed -nE "s/^$1:\s*//p" "/proc/$(first_process)/status" | tr '\t' ' '; }

start_pod
check "sidecar: the startup probe succeeds" within 15 probe /usr/bin/tokenctl health --ready
check "sidecar: the liveness probe succeeds" probe /usr/bin/tokenctl health
check "sidecar: it runs as uid 64646" contains "64646 64646" status_of_first Uid
check "sidecar: with no capability" is 0000000000000000 status_of_first CapEff
check "sidecar: on a read-only root" contains "Read-only" nsenter -t "$(first_process)" -m -r -- touch /usr/x
check "sidecar: the app in its own container gets the token by its uid" client 1000 64646 tokenctl get rossum-prod
check "sidecar: another uid is refused" exits_with 4 client 1001 64646 tokenctl get rossum-prod
check "sidecar: who has not the socket's group is told so" \
  contains "group 64646" client 1000 1000 tokenctl get rossum-prod
check "sidecar: the app may ask for its health" client 1000 64646 tokenctl health --ready
check "sidecar: it logged in once" logins_are 1

kill -TERM "$(first_process)"
check "sidecar: PID 1 ends on SIGTERM within 5 s" within 5 ended
await_end
check "sidecar: with exit status 0" test "$code" = 0
start_pod
check "sidecar: the restarted container serves" within 15 client 1000 64646 tokenctl get rossum-prod
check "sidecar: that costs no login" logins_are 1
kill -KILL "$(first_process)"
check "sidecar: a killed one ends" within 5 ended
start_pod
check "sidecar: and serves when it is started again" within 15 client 1000 64646 tokenctl get rossum-prod
check "sidecar: that costs no login either" logins_are 1

pause=$(first_process)
kill -STOP "$pause"
# Entering the container's namespaces takes some of that time.
check "sidecar: a stopped loop fails the liveness probe within its own second" \
  in_milliseconds 1500 exits_with 1 probe /usr/bin/tokenctl health
kill -CONT "$pause"

sandbox_is_told '{"password": {"user": "api_user@mycompany", "password": "new-password"}, "revoke": "all"}' >/dev/null
check "sidecar: a password that was changed at the upstream suspends the account" \
  contains suspended client 1000 64646 tokenctl reject rossum-prod
printf new-password >"$run/files/rossum-prod"
projected "$pod/passwords" "$run/files/rossum-prod"
check "sidecar: a changed Secret is noticed without a restart" within 15 client 1000 64646 tokenctl get rossum-prod
end
check "sidecar: without the daemon the probe fails" exits_with 1 client 1000 64646 tokenctl health
sandbox_is_told '{"password": {"user": "api_user@mycompany", "password": "sandbox-password"}}' >/dev/null
