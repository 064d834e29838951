#include "document/text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tokenbroker::document {
namespace {

using namespace std::string_view_literals;

TEST(FindBadByte, takes_well_formed_utf8_of_every_length) {
    EXPECT_FALSE(find_bad_byte(""));
    EXPECT_FALSE(find_bad_byte("a\t\r\n~"));
    EXPECT_FALSE(
        find_bad_byte("\xC2\xA0 \xC2\x85 \xDF\xBF \xE0\xA0\x80 \xED\x9F\xBF \xEF\xBF\xBF"));
    EXPECT_FALSE(find_bad_byte("\xF0\x90\x80\x80 \xF4\x8F\xBF\xBF"));
}

TEST(FindBadByte, refuses_what_is_not_utf8_at_its_first_byte) {
    for (const std::string_view bad :
         {"\x80"sv, "\xBF"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xC3"sv, "\xC3("sv, "\xE0\x9F\xBF"sv,
          "\xED\xA0\x80"sv, "\xE2\x82"sv, "\xF0\x8F\xBF\xBF"sv, "\xF4\x90\x80\x80"sv,
          "\xF5\x80\x80\x80"sv, "\xFE"sv, "\xFF"sv}) {
        const auto found = find_bad_byte("ab" + std::string(bad) + "c");
        ASSERT_TRUE(found);
        EXPECT_EQ(found->offset, 2U);
        EXPECT_FALSE(found->control);
    }
}

TEST(FindBadByte, refuses_control_characters) {
    for (int c = 0; c < 0x20; ++c) {
        const std::string text = std::string("ok") + static_cast<char>(c);
        const bool allowed = c == '\t' || c == '\n' || c == '\r';
        EXPECT_EQ(find_bad_byte(text).has_value(), !allowed) << c;
    }
    EXPECT_TRUE(find_bad_byte("\x7F")->control);
    EXPECT_TRUE(find_bad_byte("\xC2\x80")->control);
    EXPECT_TRUE(find_bad_byte("\xC2\x9F")->control);
}

TEST(Lines, count_from_one_in_characters) {
    Lines lines(
        "ab\nc\xC3\xA9"
        "d\n\nx");
    const auto expect = [&](std::size_t offset, std::size_t line, std::size_t column) {
        const auto at = lines.at(offset);
        EXPECT_EQ(at.line, line) << offset;
        EXPECT_EQ(at.column, column) << offset;
    };
    expect(0, 1, 1);
    expect(2, 1, 3);
    expect(3, 2, 1);
    expect(4, 2, 2);
    expect(6, 2, 3);  // after the two bytes of e acute
    expect(4, 2, 2);  // going back
    expect(8, 3, 1);
    expect(9, 4, 1);
    expect(10, 4, 2);
    expect(999, 4, 2);
}

}  // namespace
}  // namespace tokenbroker::document
