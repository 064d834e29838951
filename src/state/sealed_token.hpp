#pragma once

#include "base/account_name.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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
    std::uint64_t generation = 0;

    WallTime issued_at;
    std::optional<WallTime> expires_at;  // none: it does not expire
    std::string expiry_source;           // stated, requested, assumed, none
    std::string boot_id;                 // of the boot that the two boot times belong to
    BootTime issued_boot;
    std::optional<BootTime> expires_boot;  // for a relative expiry
    Milliseconds lifetime{};               // as it was given; zero: none

    double jitter = 0;                   // the u that was drawn for it
    std::map<std::string, Secret> keep;  // what the recipe's refresh needs
    unsigned early_deaths = 0;           // tokens in a row that died before half of their life
    unsigned refused_fresh = 0;          // tokens in a row that were refused when just issued
    std::string note;                    // why it is not what the recipe wanted; empty: it is
};

}  // namespace tokenbroker::state
