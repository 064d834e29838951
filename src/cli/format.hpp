#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <tokenbroker/token.hpp>

namespace tokenbroker::cli {

// The token as `get --format` prints it, with its newline.
std::string formatted(const client::Token& token, std::string_view format);
// ROSSUM_PROD_TOKEN for rossum-prod.
std::string variable_name(std::string_view account);
// As one word of a POSIX shell: as it is where it may be, else in single quotes.
std::string shell_quoted(std::string_view value);
bool is_variable_name(std::string_view name);

// The two largest units: "3d 4h", "2m 5s", "0s".
std::string human(std::chrono::seconds duration);
// "in 3d 4h", "2m 5s ago", "now".
std::string in_time(client::TimePoint at, client::TimePoint now);

}  // namespace tokenbroker::cli
