# shellcheck shell=bash
# Installing, configuring, starting.

cp "$package" "$root/root/tokenbroker.deb"
inside apt-get -qq update --error-on=any >"$work/apt.log" 2>&1 ||
  skip "no Debian mirror can be reached from a container: $(tail -n 1 "$work/apt.log")"
check "the package installs with all that it needs" \
  inside apt-get -qq -y --no-install-recommends install /root/tokenbroker.deb
check "there is a user of its own" inside id tokenbroker
check "nothing starts without a configuration" inside systemctl start tokenbroker.socket tokenbroker.service
check "not the socket" property_is tokenbroker.socket ActiveState inactive
check "not the service" property_is tokenbroker.service ActiveState inactive
check "the units will be started at boot, once there is one" \
  is $'enabled\nenabled' inside systemctl is-enabled tokenbroker.socket tokenbroker.service
check "systemd finds no fault with the units" is "" inside systemd-analyze verify --man=no tokenbroker.service
check "the tools that belong together find each other" contains oauth2-password inside tokenctl recipes list
check "users can't read the folder of the configuration" refused as games ls /etc/tokenbroker

# Passwords and the key of the state, as an administrator would hand them over.
inside install -m 644 /dev/null /etc/tokenbroker/ca.pem
cat "$run/ca.pem" >"$root/etc/tokenbroker/ca.pem"
umask 077
printf sandbox-password | inside systemd-creds encrypt --name=rossum-prod - /etc/tokenbroker/credentials/rossum-prod
head -c 32 /dev/urandom >"$root/etc/tokenbroker/credentials/state-key"
umask 022
mkdir -p "$root/etc/systemd/system/tokenbroker.service.d"
cat >"$root/etc/systemd/system/tokenbroker.service.d/test.conf" <<UNIT
[Service]
LoadCredentialEncrypted=rossum-prod:/etc/tokenbroker/credentials/rossum-prod
LoadCredential=state-key:/etc/tokenbroker/credentials/state-key
WatchdogSec=2s
UNIT
for user in alice bob; do inside useradd -m -G tokenbroker "$user"; done
inside useradd -m carol
inside groupadd integrations
inside usermod -aG integrations alice
configure
check "the configuration can be checked by hand" \
  inside setpriv --reuid=tokenbroker --regid=tokenbroker --init-groups tokenbrokerd --check

cat >"$root/etc/systemd/system/needs-a-token.service" <<UNIT
[Unit]
Requires=tokenbroker.service
After=tokenbroker.service
[Service]
Type=oneshot
RemainAfterExit=yes
StandardOutput=null
ExecStart=/usr/bin/tokenctl health --ready
ExecStart=/usr/bin/tokenctl get rossum-prod --wait 10s
UNIT
inside systemctl daemon-reload
check "a unit that needs the broker is started after it is ready, and gets its token" \
  inside systemctl start needs-a-token.service
in_order() { [ "$(property tokenbroker.service ActiveEnterTimestampMonotonic)" -le "$(property needs-a-token.service ExecMainStartTimestampMonotonic)" ]; }
check "in that order" in_order
check "the service runs" property_is tokenbroker.service ActiveState active
check "as its own user" is tokenbroker inside stat -c %U "/proc/$(property tokenbroker.service MainPID)"
check "with the limit of descriptors that the unit gives it" \
  contains "8192                 8192" inside grep 'open files' "/proc/$(property tokenbroker.service MainPID)/limits"
check "its secrets are in locked memory" lacks secret_memory_not_locked journal -u tokenbroker.service -o verbose
check "STATUS counts the accounts" within 10 property_is tokenbroker.service StatusText "1 account: 1 valid"
check "it logged in once" logins_are 1
check "its log is in the journal with fields of its own" \
  contains token_published journal -u tokenbroker.service -o cat --output-fields=TOKENBROKER_EVENT
check "and can be read by account" contains "token" journal -u tokenbroker.service TOKENBROKER_ACCOUNT=rossum-prod
check "the state is for nobody else" is "700 tokenbroker" inside stat -c "%a %U" /var/lib/tokenbroker
check "the socket is for its group" is "660 tokenbroker" inside stat -c "%a %G" /run/tokenbroker/tokenbroker.sock
