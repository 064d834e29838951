# shellcheck shell=bash
# config/examples/docker: named volumes begin as the image's folders are, the secret is a bind mount.

compose=$run/compose
socket_folder=$compose/socket
mkdir -p "$compose"
cp -a "$image_root/var/lib/tokenbroker" "$compose/state"
cp -a "$image_root/run/tokenbroker" "$socket_folder"
"$here/example" "$source_directory/config/examples/docker/tokenbroker.yaml" "$upstream" /run/tokenbroker/ca.pem \
  >"$compose/tokenbroker.yaml"
install -m 644 "$run/ca.pem" "$socket_folder/ca.pem"
printf sandbox-password >"$compose/rossum-password.txt"
chown 64646 "$compose/rossum-password.txt"
chmod 600 "$compose/rossum-password.txt"
volumes=("$socket_folder:/run/tokenbroker" "$compose/state:/var/lib/tokenbroker")

before=$(logins)
start "${volumes[@]}" "$compose/tokenbroker.yaml:/etc/tokenbroker/tokenbroker.yaml:ro" \
  "$compose/rossum-password.txt:/run/secrets/rossum-password:ro" -- \
  TOKENBROKER_CONFIG=/etc/tokenbroker/tokenbroker.yaml
mapfile -t health < <(inspect '{{range .Docker.Config.Healthcheck.Test}}{{println .}}{{end}}' | grep . | tail -n +2)
check "compose: the image's health check succeeds" within 15 probe "${health[@]}"
check "compose: the app gets the token" client 1000 64646 tokenctl get rossum-prod
check "compose: one login made it" logins_are $((before + 1))
check "compose: all that is warned about is that the key of the state was made beside it" \
  is 1 grep -c '"level":"warn".*"event":"state_key_made"' "$run/container.log"
check "compose: nothing else is" is 1 grep -cE '"level":"(warn|error)"' "$run/container.log"
end

# The same account from a configuration without a file, its password from the environment.
inline="
accounts:
  rossum-prod:
    recipe: rossum
    base_url: $upstream
    inputs: { username: api_user@mycompany, password: { env: ROSSUM_PASSWORD } }
    tls: { ca_file: /run/tokenbroker/ca.pem }
    allow: [ { uid: 1000 } ]"
start "${volumes[@]}" -- "TOKENBROKER_CONFIG_INLINE=$inline" ROSSUM_PASSWORD=sandbox-password
check "inline: the app gets the token" within 15 client 1000 64646 tokenctl get rossum-prod
check "inline: it is the one that was sealed before" logins_are $((before + 1))
end
start "${volumes[@]}" -- "TOKENBROKER_CONFIG_INLINE=accounts: { x: { recipe: nonsense } }"
await_end
check "inline: a mistake ends the container with exit status 78" test "$code" = 78
check "inline: and is told with its place" contains 'TOKENBROKER_CONFIG_INLINE:1:' cat "$run/container.log"
