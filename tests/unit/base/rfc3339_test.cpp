#include "base/time.hpp"

#include <gtest/gtest.h>

namespace tokenbroker {
namespace {

using namespace std::chrono_literals;
constexpr WallTime noon_of_spec{std::chrono::sys_seconds(1795305600s)};

TEST(Rfc3339, writes_utc_with_z_rounded_down) {
    EXPECT_EQ(format_rfc3339(noon_of_spec), "2026-11-22T00:00:00Z");
    EXPECT_EQ(format_rfc3339(noon_of_spec + 999ms), "2026-11-22T00:00:00Z");
    EXPECT_EQ(format_rfc3339(noon_of_spec - 1ms), "2026-11-21T23:59:59Z");
}

TEST(Rfc3339, reads_offsets_and_decimals) {
    EXPECT_EQ(*parse_rfc3339("2026-11-22T00:00:00Z"), noon_of_spec);
    EXPECT_EQ(*parse_rfc3339("2026-11-22T01:30:00+01:30"), noon_of_spec);
    EXPECT_EQ(*parse_rfc3339("2026-11-21T22:00:00.5-02:00"), noon_of_spec + 500ms);
    EXPECT_EQ(*parse_rfc3339("2026-11-22t00:00:00.123456789z"), noon_of_spec + 123ms);
    EXPECT_EQ(*parse_rfc3339("2026-11-22 00:00:00Z"), noon_of_spec);
}

TEST(Rfc3339, refuses_what_is_no_time) {
    for (const char* text :
         {"", "2026-11-22", "2026-11-22T00:00:00", "2026-13-22T00:00:00Z", "2026-02-29T00:00:00Z",
          "2026-11-22T24:00:00Z", "2026-11-22T00:60:00Z", "2026-11-22T00:00:61Z",
          "1969-12-31T23:59:59Z", "2026-11-22T00:00:00.Z", "2026-11-22T00:00:00+24:00",
          "2026-11-22T00:00:00Zx", "-026-11-22T00:00:00Z", "2026-1-22T00:00:00Z"}) {
        EXPECT_TRUE(parse_rfc3339(text).has_error()) << text;
    }
}

}  // namespace
}  // namespace tokenbroker
