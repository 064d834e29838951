# shellcheck shell=bash
# What cannot run says why, and is not started again for nothing.

# systemd starts nothing more than five times in ten seconds.
inside systemctl reset-failed tokenbroker.service
configure "  broken: { recipe: nonsense }"
restarts=$(property tokenbroker.service NRestarts)
check "a broken configuration does not start" refused inside systemctl restart tokenbroker.service
check "it is a configuration error" property_is tokenbroker.service ExecMainStatus 78
check "STATUS names the first mistake" status_says "/etc/tokenbroker/tokenbroker.yaml:10"
sleep 3 # a restart would come after RestartSec=2s
check "so it is not started again by itself" property_is tokenbroker.service NRestarts "$restarts"
check "but failed" property_is tokenbroker.service ActiveState failed

state_directory=/proc/nothing configure
inside systemctl reset-failed tokenbroker.service tokenbroker.socket
check "without a state directory it does not start" refused inside systemctl start tokenbroker.service
check "ERRNO says why to machines" property_is tokenbroker.service StatusErrno 2
check "STATUS to people" status_says "/proc/nothing"
inside systemctl stop tokenbroker.service
configure
inside systemctl reset-failed tokenbroker.service
check "mended, it starts" inside systemctl restart tokenbroker.socket tokenbroker.service
check "with its token" within 10 inside tokenctl get rossum-prod
check "for no login" logins_are 1

socket_settings='{ mode: "0600", group: games }' configure
check "with another mode for its socket than the socket unit's" inside systemctl restart tokenbroker.service
check "it says which one holds" contains "its mode is 0660, not 0600; its group is" \
  journal -u tokenbroker.service -o cat --output-fields=MESSAGE TOKENBROKER_EVENT=socket_differs
configure
check "and without, it starts again" inside systemctl restart tokenbroker.service
