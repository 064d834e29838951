#pragma once

#include "base/account_name.hpp"
#include "base/secret.hpp"
#include "core/token.hpp"

#include <map>
#include <string>

namespace tokenbroker::state {

// What a sealed token belongs to. A file opens for the very binding that it was sealed for, and no
// other.
struct Binding {
    AccountName account;
    std::string recipe;
    std::string origin;                           // scheme://host:port of the upstream
    std::map<std::string, std::string> identity;  // the recipe's identity inputs
};

// A token as it outlives the process.
struct SealedToken {
    Secret value;
    std::string header_name;
    Secret header_value;
    core::TokenTimes times;
    Secret
        kept;  // what the recipe's `keep:` named, in the upstream room's encoding; empty: nothing
};

}  // namespace tokenbroker::state
