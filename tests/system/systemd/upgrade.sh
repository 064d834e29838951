# shellcheck shell=bash
# From one build to the next, and away.

# The next build: the same but for what it says of itself.
dpkg-deb -R "$package" "$run/next"
sed -i 's/^Version: .*/Version: 9.1.0/' "$run/next/DEBIAN/control"
sed -i 's/0\.1\.0/9.1.0/g' "$run/next/usr/bin/tokenbrokerd"
dpkg-deb -b "$run/next" "$root/root/next.deb" >/dev/null
echo "# mine" >>"$root/etc/tokenbroker/tokenbroker.yaml.example"
before=$(inside tokenctl get rossum-prod)
rm -f "$run/load-ends"
"$here/load" "$(socket)" /v1/accounts/rossum-prod/token "$run/load-ends" >"$work/load.log" 2>&1 &
load_pid=$!
check "the next build installs over it" inside dpkg -i /root/next.deb
check "it runs" within 10 contains 9.1.0 ask /version
touch "$run/load-ends"
wait "$load_pid"
code=$?
check "nobody noticed: $(tail -n 1 "$work/load.log")" test "$code" = 0
check "it serves the token that the first one got" is "$before" inside tokenctl get rossum-prod
check "the upgrade cost no login" logins_are 1
check "the configuration was kept" contains rossum-prod inside cat /etc/tokenbroker/tokenbroker.yaml
check "so was what an administrator wrote into the sample" contains "# mine" inside cat /etc/tokenbroker/tokenbroker.yaml.example
inside systemctl disable --now tokenbroker.service 2>/dev/null
check "an upgrade starts nothing that is stopped" inside dpkg -i /root/next.deb
check "it stays stopped" property_is tokenbroker.service ActiveState inactive
check "and disabled" is disabled inside systemctl is-enabled tokenbroker.service

check "no secret is in the journal" lacks sandbox-password journal -a -o verbose
check "nor a token" lacks "$before" journal -a -o verbose

inside systemctl enable tokenbroker.service 2>/dev/null
check "it can be removed" inside dpkg -r tokenbroker
check "removing keeps the state" inside test -s /var/lib/tokenbroker/ledger
check "it can be purged" inside dpkg -P tokenbroker
check "purging deletes the state" refused inside test -e /var/lib/tokenbroker
check "and what was in /run" is "" inside find /run -name 'tokenbroker*'
check "and leaves no unit behind" is "" inside find /etc/systemd/system -name 'tokenbroker.s*' -not -name '*.d'
check "but what an administrator wrote" inside test -s /etc/tokenbroker/tokenbroker.yaml
