#pragma once

#include "base/account_name.hpp"
#include "broker/published.hpp"

#include <string_view>

namespace tokenbroker::broker {

// What is rendered into the answers that http-api.md shows.
struct TokenParts {
    AccountName account;
    const Secret& token;
    std::string_view header_name;
    const Secret& header_value;
    std::string_view expiry_source;  // stated, requested, assumed, none
    std::uint64_t generation;
    WallTime issued_at;
    std::optional<WallTime> expires_at;
    std::optional<BootTime> expires_at_boot;
};

// Renders a token once, for all who will ask for it.
PublishedToken render(const TokenParts& parts);

}  // namespace tokenbroker::broker
