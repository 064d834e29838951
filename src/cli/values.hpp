#pragma once

#include "cli/command.hpp"

#include <cstdint>

namespace tokenbroker::cli {

// An option's value; none where it is not given; an Error of kind bad_request where it is not what
// it should be.
client::Result<std::optional<client::Milliseconds>> duration_option(const Arguments& arguments,
                                                                    std::string_view name);
client::Result<std::optional<std::uint64_t>> number_option(const Arguments& arguments,
                                                           std::string_view name);

}  // namespace tokenbroker::cli
