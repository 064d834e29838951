# shellcheck shell=bash
# Reading the configuration anew.

second="  rossum-two:
    recipe: rossum
    base_url: $upstream
    login: on_demand
    inputs: { username: api_user@mycompany, password: { credential: rossum-prod } }
    tls: { ca_file: /etc/tokenbroker/ca.pem }"
pid=$(property tokenbroker.service MainPID)
configure "$second"
check "a good configuration is reloaded" inside systemctl reload tokenbroker.service
check "the journal has what changed" \
  contains "rossum-two" journal -u tokenbroker.service TOKENBROKER_EVENT=configuration_changed
check "the new account is there" contains rossum-two inside tokenctl status
configure "  broken: { recipe: nonsense }"
check "a broken configuration fails the reload" refused inside systemctl reload tokenbroker.service
check "STATUS says so, with the place" within 2 status_says "reload refused: /etc/tokenbroker/tokenbroker.yaml:10"
check "the service still runs" property_is tokenbroker.service ActiveState active
check "with what it had" contains rossum-two inside tokenctl status
configure
check "a mended one is reloaded" inside systemctl reload tokenbroker.service
check "STATUS has forgotten the mistake" within 2 property_is tokenbroker.service StatusText "1 account: 1 valid"

configure "$second"
inside systemctl kill -s HUP tokenbroker.service
check "SIGHUP reloads as well" within 5 contains rossum-two inside tokenctl status
configure "  broken: { recipe: nonsense }"
inside systemctl kill -s HUP tokenbroker.service
check "and says in STATUS what is wrong" within 5 status_says "reload refused"
configure
inside systemctl kill -s HUP tokenbroker.service
check "the same process served all the time" property_is tokenbroker.service MainPID "$pid"
check "no reload cost a login" logins_are 1
