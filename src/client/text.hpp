#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <tokenbroker/token.hpp>

namespace tokenbroker::client {

// RFC 3339 in UTC with 'Z'.
std::optional<TimePoint> parse_time(std::string_view text);
// A text from outside as one line that does a terminal no harm: control characters become spaces.
std::string one_line(std::string_view text);
// "250ms", "30s": as the API takes durations.
std::string duration_text(Milliseconds duration);
// "digits and one of ms, s, m, h, d"; none where it is not that or overflows.
std::optional<Milliseconds> parse_duration(std::string_view text);

}  // namespace tokenbroker::client
