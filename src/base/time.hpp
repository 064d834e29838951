#pragma once

#include "base/error.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace tokenbroker {

using Milliseconds = std::chrono::milliseconds;

// Time of day, for what people and upstreams say. May step either way at any moment.
using WallTime = std::chrono::sys_time<Milliseconds>;

// Time since this boot, suspend included (CLOCK_BOOTTIME). Never steps; means nothing after a
// reboot. It has no now(): the time is always handed in, read by the host room or made up by a
// test.
struct BootClock {
    using rep = Milliseconds::rep;
    using period = Milliseconds::period;
    using duration = Milliseconds;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;
};
using BootTime = BootClock::time_point;

// One reading of both clocks, taken together.
struct Moment {
    WallTime wall;
    BootTime boot;
};

// Far enough to be "never", near enough that adding to it can't overflow.
inline constexpr Milliseconds forever = std::chrono::hours(24 * 365 * 1000);

// `time + delay`, held within the range of the type instead of wrapping.
WallTime saturating_add(WallTime time, Milliseconds delay) noexcept;
BootTime saturating_add(BootTime time, Milliseconds delay) noexcept;

// DURATION: digits and one of ms, s, m, h, d. At most a hundred years.
Result<Milliseconds> parse_duration(std::string_view text);
// The shortest spelling that parse_duration reads back: "162h", "90s", "1500ms".
std::string format_duration(Milliseconds duration);
// For people: the two largest units, rounded down: "6d 18h", "2m 5s", "0s".
std::string describe_duration(Milliseconds duration);

// "2026-11-22T00:00:00Z", rounded down to seconds.
std::string format_rfc3339(WallTime time);
// RFC 3339 with any offset and any number of decimals; years 1970 to 9999.
Result<WallTime> parse_rfc3339(std::string_view text);
// "Sun, 22 Nov 2026 00:00:00 GMT" (RFC 9110, IMF-fixdate).
std::string format_http_date(WallTime time);
// IMF-fixdate, and the obsolete RFC 850 and asctime forms that RFC 9110 wants read.
Result<WallTime> parse_http_date(std::string_view text);

}  // namespace tokenbroker
