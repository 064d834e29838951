#include "base/time.hpp"

#include <gtest/gtest.h>

namespace tokenbroker {
namespace {

using namespace std::chrono_literals;
constexpr WallTime example{std::chrono::sys_seconds(784111777s)};  // the example of RFC 9110, 5.6.7

TEST(HttpDate, is_written_as_imf_fixdate) {
    EXPECT_EQ(format_http_date(example), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(HttpDate, reads_all_three_forms) {
    EXPECT_EQ(*parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), example);
    EXPECT_EQ(*parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), example);
    EXPECT_EQ(*parse_http_date("Sun Nov  6 08:49:37 1994"), example);
}

TEST(HttpDate, refuses_what_is_no_date) {
    for (const char* text : {"", "10", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
                             "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
                             "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT",
                             "Sun, 30 Feb 2020 08:49:37 GMT", "Sun, 06 Nov 999999 08:49:37 GMT"}) {
        EXPECT_TRUE(parse_http_date(text).has_error()) << text;
    }
}

}  // namespace
}  // namespace tokenbroker
