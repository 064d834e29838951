#pragma once

#include "core/backoff.hpp"
#include "core/budget.hpp"
#include "core/refresh_policy.hpp"

#include <optional>
#include <string>

namespace tokenbroker::core {

// What the configuration and the recipe say of an account, as far as deciding needs it.
struct AccountSettings {
    std::string account;
    std::string realm;
    Budget budget;  // the account's own; the realm's is in the ledger
    Backoff backoff;
    Backoff throttled_backoff = default_throttled_backoff;
    RefreshPolicy refresh;
    bool on_demand = false;
    std::optional<Milliseconds> probe_every;
    std::optional<Milliseconds>
        lifetime;  // what a new token will live, where the recipe asks for or assumes it
    // What `keep:` holds takes the place of an input (a refresh token that rotates): while it is
    // good, a login with the input would be one with what it replaced.
    bool kept_replaces_input = false;
    bool has_refresh = false;  // the recipe has `refresh:` steps,
    bool has_probe = false;    // a `probe:`,
    bool has_revoke = false;   // `revoke:` steps

    bool operator==(const AccountSettings&) const = default;
};

}  // namespace tokenbroker::core
