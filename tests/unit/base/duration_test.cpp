#include "base/time.hpp"

#include <gtest/gtest.h>

namespace tokenbroker {
namespace {

using namespace std::chrono_literals;

TEST(Duration, reads_each_unit) {
    EXPECT_EQ(*parse_duration("250ms"), 250ms);
    EXPECT_EQ(*parse_duration("30s"), 30s);
    EXPECT_EQ(*parse_duration("5m"), 5min);
    EXPECT_EQ(*parse_duration("162h"), 162h);
    EXPECT_EQ(*parse_duration("7d"), 168h);
    EXPECT_EQ(*parse_duration("0s"), 0s);
}

TEST(Duration, refuses_what_is_not_one) {
    for (const char* text : {"", "5", "s", "-5s", "+5s", "5 s", "5S", "1.5h", "5sec", "5s ", "0x5s",
                             "99999999999999999999s", "9999999999d"}) {
        EXPECT_TRUE(parse_duration(text).has_error()) << text;
    }
}

TEST(Duration, is_at_most_a_hundred_years) {
    EXPECT_TRUE(parse_duration("36500d").has_value());
    EXPECT_TRUE(parse_duration("36501d").has_error());
}

TEST(Duration, is_written_so_that_it_reads_back) {
    for (const char* text : {"250ms", "30s", "5m", "7d", "0s", "90s", "61m", "25h"}) {
        EXPECT_EQ(format_duration(*parse_duration(text)), text);
    }
    EXPECT_EQ(format_duration(1500ms), "1500ms");
    EXPECT_EQ(*parse_duration(format_duration(162h)), 162h);
}

TEST(Duration, is_described_by_its_two_largest_units) {
    EXPECT_EQ(describe_duration(0ms), "0s");
    EXPECT_EQ(describe_duration(999ms), "999ms");
    EXPECT_EQ(describe_duration(59s), "59s");
    EXPECT_EQ(describe_duration(125s), "2m 5s");
    EXPECT_EQ(describe_duration(162h), "6d 18h");
    EXPECT_EQ(describe_duration(200s), "3m 20s");
    EXPECT_EQ(describe_duration(24h + 5s), "1d");
}

TEST(SaturatingAdd, never_wraps) {
    EXPECT_EQ(saturating_add(WallTime(Milliseconds::max() - 5ms), 1h),
              WallTime(Milliseconds::max()));
    EXPECT_EQ(saturating_add(BootTime(Milliseconds::min() + 5ms), -1h),
              BootTime(Milliseconds::min()));
    EXPECT_EQ(saturating_add(WallTime(5ms), 7ms), WallTime(12ms));
    EXPECT_EQ(saturating_add(WallTime(5ms), -7ms), WallTime(-2ms));
}

}  // namespace
}  // namespace tokenbroker
