#include "client/text.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::client {
namespace {

using namespace std::chrono_literals;

TEST(Time, is_read_in_utc) {
    EXPECT_EQ(parse_time("1970-01-01T00:00:00Z"), TimePoint());
    EXPECT_EQ(parse_time("2026-11-22T00:00:00Z"), TimePoint(1795305600s));
    EXPECT_EQ(parse_time("2024-02-29T23:59:59.25Z"), TimePoint(1709251199s + 250ms));
}

class TimeRefuses : public ::testing::TestWithParam<const char*> {};

TEST_P(TimeRefuses, other_texts) {
    EXPECT_FALSE(parse_time(GetParam())) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Texts, TimeRefuses,
                         ::testing::Values("", "Z", "2026-11-22", "2026-11-22T00:00:00",
                                           "2026-11-22T00:00:00+01:00", "2026-13-01T00:00:00Z",
                                           "2026-02-29T00:00:00Z", "2026-11-22T24:00:00Z",
                                           "2026-11-22T00:60:00Z", "2026-11-22 00:00:00Z",
                                           "2026-11-22T00:00:00.Z", "2026-11-22T00:00:00,5Z",
                                           "2026-1a-22T00:00:00Z", "-026-11-22T00:00:00Z",
                                           "2026-11-22T00:00:00.1234567890Z"));

TEST(OneLine, keeps_a_terminal_from_harm) {
    EXPECT_EQ(one_line("a\nb\r\x1b[31mc\x7f"), "a b  [31mc ");
    EXPECT_EQ(one_line("caf\u00e9 \u20ac"), "caf\u00e9 \u20ac");
    EXPECT_EQ(one_line("a\xc2\x9b"
                       "31m"),
              "a 31m");
}

TEST(Duration, has_the_units_of_the_api) {
    EXPECT_EQ(parse_duration("250ms"), 250ms);
    EXPECT_EQ(parse_duration("30s"), 30s);
    EXPECT_EQ(parse_duration("5m"), 5min);
    EXPECT_EQ(parse_duration("2h"), 2h);
    EXPECT_EQ(parse_duration("7d"), 168h);
    EXPECT_EQ(parse_duration("0s"), 0s);
}

class DurationRefuses : public ::testing::TestWithParam<const char*> {};

TEST_P(DurationRefuses, other_texts) {
    EXPECT_FALSE(parse_duration(GetParam())) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Texts, DurationRefuses,
                         ::testing::Values("", "5", "s", "-5s", "+5s", "5 s", "5S", "1.5s", "5s ",
                                           "5w", "9223372036854775807d", "99999999999999999999s"));

TEST(Duration, is_written_as_it_is_read) {
    for (const auto duration : {0ms, 1ms, 250ms, 1000ms, 1500ms, 86'400'000ms}) {
        EXPECT_EQ(parse_duration(duration_text(duration)), duration);
    }
}

}  // namespace
}  // namespace tokenbroker::client
