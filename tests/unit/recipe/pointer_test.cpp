#include "recipe/pointer.hpp"

#include "recipe/json.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace tokenbroker::recipe {
namespace {

// What a pointer finds, as JSON; "-" where it finds nothing.
std::string found(std::string_view document, std::string_view pointer) {
    const auto parsed = JsonDocument::parse(document);
    const auto* at = find(parsed->root(), *Pointer::parse(pointer));
    return at == nullptr ? "-" : boost::json::serialize(*at);
}

// The examples of RFC 6901, section 5.
constexpr std::string_view rfc =
    R"({"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4,
    "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8})";

TEST(Pointer, finds_what_the_rfc_says) {
    EXPECT_EQ(found(rfc, "/foo"), R"(["bar","baz"])");
    EXPECT_EQ(found(rfc, "/foo/0"), R"("bar")");
    EXPECT_EQ(found(rfc, "/"), "0");
    EXPECT_EQ(found(rfc, "/a~1b"), "1");
    EXPECT_EQ(found(rfc, "/c%d"), "2");
    EXPECT_EQ(found(rfc, "/e^f"), "3");
    EXPECT_EQ(found(rfc, "/g|h"), "4");
    EXPECT_EQ(found(rfc, "/i\\j"), "5");
    EXPECT_EQ(found(rfc, "/k\"l"), "6");
    EXPECT_EQ(found(rfc, "/ "), "7");
    EXPECT_EQ(found(rfc, "/m~0n"), "8");
    EXPECT_EQ(found("[1]", ""), "[1]");
}

TEST(Pointer, finds_nothing_where_nothing_is) {
    EXPECT_EQ(found(rfc, "/foo/2"), "-");
    EXPECT_EQ(found(rfc, "/foo/-"), "-");
    EXPECT_EQ(found(rfc, "/foo/01"), "-");
    EXPECT_EQ(found(rfc, "/foo/1e0"), "-");
    EXPECT_EQ(found(rfc, "/foo/99999999999999999999"), "-");
    EXPECT_EQ(found(rfc, "/bar"), "-");
    EXPECT_EQ(found(rfc, "/a~1b/c"), "-");
}

TEST(Pointer, takes_tilde_one_zero_in_the_right_order) {
    EXPECT_EQ(Pointer::parse("/~01")->steps(), std::vector<std::string>{"~1"});
}

TEST(Pointer, refuses_what_is_not_rfc_6901) {
    for (const char* text : {"key", "key/a", "/a~", "/a~2", "/~/b", "#/a", " /a"}) {
        EXPECT_FALSE(Pointer::parse(text)) << text;
    }
}

TEST(JsonDocument, refuses_what_is_no_json) {
    for (const char* text :
         {"", "{", "{'a':1}", "[1,]", "{\"a\":1}x", "<html>", "nul", "// c\n1", "\"\xff\""}) {
        EXPECT_FALSE(JsonDocument::parse(text)) << text;
    }
}

TEST(JsonDocument, is_at_most_32_levels_deep) {
    const auto nested = [](std::size_t levels) {
        return std::string(levels, '[') + std::string(levels, ']');
    };
    EXPECT_TRUE(JsonDocument::parse(nested(32)));
    const auto deeper = JsonDocument::parse(nested(33));
    ASSERT_FALSE(deeper);
    EXPECT_EQ(deeper.error().message(), "JSON nested deeper than 32 levels");
    EXPECT_FALSE(JsonDocument::parse(nested(100'000)));
}

}  // namespace
}  // namespace tokenbroker::recipe
