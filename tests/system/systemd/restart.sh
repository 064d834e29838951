# shellcheck shell=bash
# The watchdog, socket activation, stopping, and restarts that nobody notices.

restarts=$(property tokenbroker.service NRestarts)
inside systemctl kill -s STOP tokenbroker.service
restarted() { [ "$(property tokenbroker.service NRestarts)" -gt "$restarts" ]; }
check "a loop that is stopped is restarted" within 30 restarted
check "by the watchdog" contains "Watchdog timeout" journal -u tokenbroker.service
check "it serves again, from its sealed token" within 15 inside tokenctl get rossum-prod
check "that cost no login" logins_are 1

check "it stops within 5 s" in_milliseconds 5500 inside systemctl stop tokenbroker.service
check "the stop was clean" property_is tokenbroker.service Result success
check "the socket stays" property_is tokenbroker.socket ActiveState active
check "the first client starts the service" inside tokenctl get rossum-prod --wait 10s
check "that costs no login either" logins_are 1

"$here/load" "$(socket)" /v1/accounts/rossum-prod/token "$run/load-ends" >"$work/load.log" 2>&1 &
load_pid=$!
for _ in 1 2 3; do
  invocation=$(property tokenbroker.service InvocationID)
  check "it restarts under load" inside systemctl restart tokenbroker.service
  check "a restart under load makes a new process" refused property_is tokenbroker.service InvocationID "$invocation"
done
touch "$run/load-ends"
wait "$load_pid"
code=$?
check "three restarts under load refuse no connection and break none: $(tail -n 1 "$work/load.log")" test "$code" = 0
check "nor do they cost a login" logins_are 1
