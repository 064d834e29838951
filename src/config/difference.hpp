#pragma once

#include "config/settings.hpp"

#include <string>
#include <vector>

namespace tokenbroker::config {

// What became of an account that is in both configurations.
struct AccountChange {
    AccountChange(AccountName account, std::vector<std::string> keys)
        : name(std::move(account)), changed(std::move(keys)) {}

    AccountName name;
    std::vector<std::string> changed;  // keys: "base_url", "inputs.password", "allow"
    bool another = false;  // recipe, origin or an identity input: another account, whose token is
                           // dropped at once
    bool login = false;  // what logins are made of: holds from the next one, and lifts a suspension
    bool access = false;  // `allow`: holds from the next request of every open connection
    bool sinks = false;
};

struct Difference {
    std::vector<AccountName> added;
    std::vector<AccountName> removed;
    std::vector<AccountChange> changed;
    bool admin = false;
    bool realms = false;
    std::vector<std::string> process;         // keys that hold at once: "log.level", "limits.idle"
    std::vector<std::string> restart_needed;  // keys that are read at start only: "socket.mode"

    [[nodiscard]] bool empty() const noexcept;
    // For people, one line each: "account rossum-prod: added". What needs a restart is not among
    // them.
    [[nodiscard]] std::vector<std::string> lines() const;
    // One line: "1 account added, 2 changed; restart needed for socket.mode". "nothing changed".
    [[nodiscard]] std::string summary() const;
};

// From what runs to what was read anew. For `socket`, `state` and `metrics`, what runs is what the
// process was started with.
Difference compare(const Settings& running, const Settings& fresh);

}  // namespace tokenbroker::config
