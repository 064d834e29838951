#pragma once

#include "client/json.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <tokenbroker/token.hpp>

namespace tokenbroker::cli {

struct TableStyle {
    bool colour = false;
    std::size_t width = 0;  // lines are cut to so many columns; 0: never
};

// The accounts (as the API describes them) as a table for people, and below it what is wrong beside
// their logins.
std::string status_table(std::span<const client::Json> accounts, client::TimePoint now,
                         TableStyle style);

}  // namespace tokenbroker::cli
