# shellcheck shell=bash
# Who may have the token.

check "a user of an allowed group gets it" as alice tokenctl get rossum-prod
check "another user is refused" contains "allow" as bob tokenctl get rossum-prod
check "with exit status 4" exits_with 4 as bob tokenctl get rossum-prod
check "who is not in the socket's group is told which one it is" \
  contains "group tokenbroker" as carol tokenctl get rossum-prod
check "with exit status 4 too" exits_with 4 as carol tokenctl get rossum-prod
check "a process of the allowed unit gets it" in_unit invoices.service bob tokenctl get rossum-prod
check "the same user in another unit is refused" exits_with 4 in_unit other.service bob tokenctl get rossum-prod
check "a user's own manager runs units here" in_unit_of_user any.service bob true
check "a unit of that name in a user's own manager is refused" \
  exits_with 4 in_unit_of_user invoices.service bob tokenctl get rossum-prod
check "an administrator is told why" contains "integrations" inside tokenctl access rossum-prod --as-uid "$(inside id -u alice)"
check "hand-outs are counted by uid" \
  contains "tokenbroker_handouts_total{account=\"rossum-prod\",uid=\"$(inside id -u alice)\"} 1" ask /metrics
check "all of that took no login" logins_are 1
