#include "document/read.hpp"

#include "document/parse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

namespace tokenbroker::document {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> texts(const Mistakes& mistakes) {
    std::vector<std::string> result;
    for (const Mistake& mistake : mistakes.sorted())
        result.push_back(mistake.text());
    return result;
}

Value document(std::string_view text) {
    Mistakes mistakes;
    auto value = parse(text, "f", mistakes);
    EXPECT_THAT(texts(mistakes), IsEmpty());
    return value ? *value : Value::null({});
}

// What a reader says of a text; "" where it takes it.
template <class Reader, class... Arguments>
std::string complaint(std::string_view text, Reader reader, Arguments... arguments) {
    const Value value = document(text);
    Mistakes mistakes;
    const auto result = reader(value, mistakes, arguments...);
    EXPECT_EQ(static_cast<bool>(result), mistakes.empty()) << text;
    return mistakes.empty() ? "" : mistakes.sorted().front().message;
}
template <class Reader, class... Arguments>
auto taken(std::string_view text, Reader reader, Arguments... arguments) {
    const Value value = document(text);
    Mistakes mistakes;
    auto result = reader(value, mistakes, arguments...);
    EXPECT_THAT(texts(mistakes), IsEmpty()) << text;
    return result;
}

TEST(ReadBoolean, takes_true_and_false_alone) {
    EXPECT_EQ(taken("true", read_boolean), true);
    EXPECT_EQ(taken("false", read_boolean), false);
    for (const auto* text : {"yes", "no", "on", "off", "True", "TRUE", "1", "0", "y"}) {
        EXPECT_EQ(complaint(text, read_boolean),
                  "expected true or false, found \"" + std::string(text) + '"');
    }
    EXPECT_EQ(complaint("'true'", read_boolean),
              "expected true or false without quotes, found \"true\"");
    EXPECT_EQ(complaint("~", read_boolean), "expected true or false, found nothing");
    EXPECT_EQ(complaint("[true]", read_boolean), "expected true or false, found a list");
}

TEST(ReadInteger, takes_decimal_digits_within_bounds) {
    EXPECT_EQ(taken("0", read_integer, 0, 10), 0);
    EXPECT_EQ(taken("10", read_integer, 0, 10), 10);
    EXPECT_EQ(taken("-3", read_integer, -5, 10), -3);
    EXPECT_EQ(taken("9223372036854775807", read_integer, 0, INT64_MAX), INT64_MAX);
    EXPECT_EQ(taken("-9223372036854775807", read_integer, INT64_MIN, INT64_MAX), -INT64_MAX);
    for (const auto* text :
         {"11", "-1", "010", "0x1", "1.0", "1e1", "+1", "1_0", "1,0", "--1", "-", "''",
          "9223372036854775808", "99999999999999999999", "ten", "0o7", " 1 2"}) {
        EXPECT_THAT(complaint(text, read_integer, 0, 10),
                    testing::StartsWith("expected a whole number from 0 to 10"))
            << text;
    }
    EXPECT_EQ(complaint("'5'", read_integer, 0, 10),
              "expected a whole number from 0 to 10 without quotes, found \"5\"");
}

TEST(ReadDuration, takes_digits_and_a_unit_within_bounds) {
    EXPECT_EQ(taken("250ms", read_duration, 0ms, forever), 250ms);
    EXPECT_EQ(taken("'162h'", read_duration, 0ms, forever), 162h);
    EXPECT_EQ(complaint("5", read_duration, 1ms, forever),
              "expected a duration (digits and ms, s, m, h or d) of at least 1ms, found \"5\"");
    EXPECT_EQ(complaint("2h", read_duration, 1s, 1h),
              "expected a duration (digits and ms, s, m, h or d) from 1s to 1h, found \"2h\"");
    for (const auto* text :
         {"5 m", "m", "-1s", "1.5h", "1w", "99999999999999999999d", "~", "{a: 1}"}) {
        EXPECT_NE(complaint(text, read_duration, 0ms, forever), "") << text;
    }
}

TEST(ReadSize, takes_digits_and_a_unit_within_bounds) {
    EXPECT_EQ(taken("100B", read_size, 1U, 1U << 20), 100U);
    EXPECT_EQ(taken("8KiB", read_size, 1U, 1U << 20), 8192U);
    EXPECT_EQ(taken("1MiB", read_size, 1U, 1U << 20), 1048576U);
    EXPECT_EQ(complaint("2MiB", read_size, 1024U, 1U << 20),
              "expected a size (digits and B, KiB or MiB) from 1KiB to 1MiB, found \"2MiB\"");
    for (const auto* text :
         {"8", "8K", "8kb", "8 KiB", "KiB", "0x8B", "18446744073709551615MiB", "-1B", "08B"}) {
        EXPECT_NE(complaint(text, read_size, 1U, UINT64_MAX), "") << text;
    }
}

TEST(ReadPercentage, takes_up_to_two_decimals) {
    EXPECT_EQ(taken("80%", read_percentage, 1U, 99U), 8000U);
    EXPECT_EQ(taken("2.5%", read_percentage, 0U, 100U), 250U);
    EXPECT_EQ(taken("0.25%", read_percentage, 0U, 100U), 25U);
    EXPECT_EQ(taken("100%", read_percentage, 0U, 100U), 10000U);
    EXPECT_EQ(
        complaint("100.01%", read_percentage, 0U, 100U),
        "expected a percentage from 0% to 100%, with at most two decimals, found \"100.01%\"");
    for (const auto* text : {"80", "0.8", "%", "'8 0%'", "1.%", ".5%", "1.234%", "-5%", "080%",
                             "1.2.3%", "9999999999%"}) {
        EXPECT_NE(complaint(text, read_percentage, 0U, 100U), "") << text;
    }
}

TEST(ReadMode, takes_octal_digits_in_quotes) {
    EXPECT_EQ(taken("'0660'", read_mode), 0660U);
    EXPECT_EQ(taken("\"440\"", read_mode), 0440U);
    EXPECT_EQ(complaint("0660", read_mode),
              "expected a file mode: three octal digits after a 0, in quotes, like \"0660\", found "
              "\"0660\"");
    for (const auto* text : {"'0680'", "'66'", "'4755'", "'00660'", "'rw-'", "''", "[]", "~"}) {
        EXPECT_NE(complaint(text, read_mode), "") << text;
    }
}

TEST(ReadPath, takes_absolute_paths) {
    EXPECT_EQ(taken("/etc/x y", read_path), "/etc/x y");
    for (const auto* text : {"etc/x", "''", "~/x", "\"/a\\nb\"", "\"/a\\0b\"", "[/a]"}) {
        EXPECT_THAT(complaint(text, read_path), testing::StartsWith("expected an absolute path"))
            << text;
    }
}

TEST(ReadText, takes_any_scalar_and_never_shows_it) {
    EXPECT_EQ(taken("010", read_text), "010");
    EXPECT_EQ(taken("''", read_text), "");
    EXPECT_EQ(complaint("null", read_text), "expected text, found nothing");
    EXPECT_EQ(complaint("[hunter2]", read_text), "expected text, found a list");
}

TEST(ReadWord, takes_one_line_that_is_not_empty) {
    EXPECT_EQ(taken("a b", read_word), "a b");
    EXPECT_EQ(complaint("''", read_word), "expected text on one line, found empty text");
    EXPECT_EQ(complaint("\"a\\nb\"", read_word), "expected text on one line, found \"a b\"");
}

TEST(ReadChoice, names_the_nearest_word) {
    static constexpr std::array<std::string_view, 2> words{"eager", "on_demand"};
    EXPECT_EQ(taken("on_demand", read_choice, std::span<const std::string_view>(words)), 1U);
    EXPECT_EQ(
        complaint("eagre", read_choice, std::span<const std::string_view>(words)),
        "\"eagre\" is not allowed here; did you mean \"eager\"? allowed are: eager, on_demand");
    EXPECT_EQ(complaint("[]", read_choice, std::span<const std::string_view>(words)),
              "a list is not allowed here; allowed are: eager, on_demand");
}

TEST(Readers, say_nothing_more_of_a_refused_value) {
    const Value value = Value::refused({});
    Mistakes mistakes;
    EXPECT_FALSE(read_text(value, mistakes));
    EXPECT_FALSE(read_word(value, mistakes));
    EXPECT_FALSE(read_boolean(value, mistakes));
    EXPECT_FALSE(read_integer(value, mistakes, 0, 1));
    EXPECT_FALSE(read_duration(value, mistakes, 0ms, 1ms));
    EXPECT_FALSE(read_size(value, mistakes, 0, 1));
    EXPECT_FALSE(read_percentage(value, mistakes, 0, 1));
    EXPECT_FALSE(read_mode(value, mistakes));
    EXPECT_FALSE(read_path(value, mistakes));
    EXPECT_FALSE(read_choice(value, mistakes, {}));
    EXPECT_EQ(expect_list(value, "a list", mistakes), nullptr);
    const MapReader map(value, "a thing", {}, mistakes);
    EXPECT_FALSE(map.usable());
    EXPECT_TRUE(mistakes.empty());
}

TEST(Show, is_short_and_printable) {
    EXPECT_EQ(show(document("\"a\\e[31mb\"")), "\"a [31mb\"");
    EXPECT_LT(show(document(std::string(100'000, 'x'))).size(), 100U);
}

constexpr std::array<std::string_view, 3> keys{"path", "mode", "group"};

TEST(MapReader, reports_every_unknown_key_with_the_nearest_known_one) {
    const Value value = document("pth: 1\nmode: '0600'\nzzz: 2\n");
    Mistakes mistakes;
    const MapReader map(value, "a sink", keys, mistakes);
    EXPECT_TRUE(map.usable());
    EXPECT_THAT(
        texts(mistakes),
        ElementsAre("f:1:1: unknown key \"pth\" in a sink; did you mean \"path\"? allowed are: "
                    "path, mode, group",
                    "f:3:1: unknown key \"zzz\" in a sink; allowed are: path, mode, group"));
}

TEST(MapReader, reports_a_missing_key_at_the_place_of_the_map) {
    const Value value = document("- mode: '0600'\n");
    Mistakes mistakes;
    const MapReader map(value.items()[0], "a sink", keys, mistakes);
    EXPECT_EQ(map.require("path"), nullptr);
    EXPECT_TRUE(map.has("mode"));
    EXPECT_FALSE(map.has("group"));
    EXPECT_THAT(texts(mistakes), ElementsAre("f:1:3: a sink has no \"path\""));
}

TEST(MapReader, reports_what_is_not_a_map_once) {
    const Value value = document("[ path ]");
    Mistakes mistakes;
    const MapReader map(value, "a sink", keys, mistakes);
    EXPECT_EQ(map.require("path"), nullptr);
    EXPECT_THAT(texts(mistakes), ElementsAre("f:1:1: expected a sink (a map), found a list"));
}

TEST(MapReader, takes_what_is_right_and_leaves_the_default_where_it_is_not) {
    const Value value = document("path: /a\nmode: 0600\n");
    Mistakes mistakes;
    const MapReader map(value, "a sink", keys, mistakes);
    std::string path = "/default";
    std::uint32_t mode = 0440;
    EXPECT_TRUE(map.take_required("path", path, read_path));
    EXPECT_FALSE(map.take("mode", mode, read_mode));
    EXPECT_FALSE(map.take("group", path, read_word));
    EXPECT_EQ(path, "/a");
    EXPECT_EQ(mode, 0440U);
    EXPECT_EQ(mistakes.size(), 1U);
}

}  // namespace
}  // namespace tokenbroker::document
