# shellcheck shell=bash
# config/examples/kubernetes/daemonset.yaml: the node's folders, made ready by the init containers.

node=$run/node
socket_folder=$node/socket
install -d -m 755 "$node" "$socket_folder" "$node/state"
init() {
  mapfile -t command < <(python3 - "$source_directory/config/examples/kubernetes/daemonset.yaml" "$1" <<'PYTHON'
import sys, yaml
daemonset = next(yaml.safe_load_all(open(sys.argv[1])))
for container in daemonset["spec"]["template"]["spec"]["initContainers"]:
    if container["name"] == sys.argv[2]:
        print("\n".join(container["command"]))
PYTHON
  )
  in_root "$run/client" "$socket_folder:/run/tokenbroker" "$node/state:/var/lib/tokenbroker" -- "${command[@]}"
}
check "node: an init container makes the state's folder ready" init state-folder
check "node: and the socket's" init socket-folder
"$here/example" "$source_directory/config/examples/kubernetes/daemonset.yaml" "$upstream" /etc/tokenbroker/ca.pem \
  >"$run/files/tokenbroker.yaml"
printf sandbox-password >"$run/files/rossum-prod"
projected "$node/configuration" "$run/files/tokenbroker.yaml" "$run/files/ca.pem"
projected "$node/passwords" "$run/files/rossum-prod"

before=$(logins)
start "$socket_folder:/run/tokenbroker" "$node/state:/var/lib/tokenbroker" \
  "$node/configuration:/etc/tokenbroker:ro" "$node/passwords:/run/secrets/tokenbroker:ro" -- \
  TOKENBROKER_CONFIG=/etc/tokenbroker/tokenbroker.yaml
check "node: the startup probe succeeds" within 15 probe /usr/bin/tokenctl health --ready
check "node: a pod's app gets the token" client 1000 64646 tokenctl get rossum-prod
check "node: another pod's app too, for the same login" client 1000 64646 tokenctl get rossum-prod
check "node: one login for the node" logins_are $((before + 1))
end
