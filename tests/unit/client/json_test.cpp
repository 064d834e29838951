#include "client/json.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tokenbroker::client {
namespace {

TEST(Json, reads_every_type) {
    const auto value = Json::parse(
        R"( {"n": null, "t": true, "f": false, "i": 12, "s": "x", "a": [1, [2]], "o": {"k": "v"}} )");
    ASSERT_TRUE(value);
    EXPECT_TRUE((*value)["n"].is_null());
    EXPECT_TRUE((*value)["t"].is_true());
    EXPECT_FALSE((*value)["f"].is_true());
    EXPECT_EQ((*value)["i"].whole(), 12U);
    EXPECT_EQ((*value)["s"].string(), "x");
    EXPECT_EQ((*value)["a"].items()[1].items()[0].text(), "2");
    EXPECT_EQ((*value)["o"]["k"].text(), "v");
}

TEST(Json, gives_null_for_what_is_not_there) {
    const auto value = Json::parse("{}");
    ASSERT_TRUE(value);
    EXPECT_TRUE((*value)["a"]["b"]["c"].is_null());
    EXPECT_FALSE((*value)["a"].string());
    EXPECT_FALSE((*value)["a"].whole());
}

TEST(Json, decodes_escapes) {
    const auto value = Json::parse(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude00")");
    ASSERT_TRUE(value);
    EXPECT_EQ(value->text(), "\"\\/\b\f\n\r\tA\u00e9\u20ac\U0001F600");
}

TEST(Json, takes_the_last_of_two_members_with_one_name) {
    EXPECT_EQ((*Json::parse(R"({"a":1,"a":2})"))["a"].text(), "2");
}

TEST(Json, takes_whole_numbers_only_where_they_fit) {
    EXPECT_EQ(Json::parse("18446744073709551615")->whole(), 18446744073709551615U);
    EXPECT_FALSE(Json::parse("18446744073709551616")->whole());
    EXPECT_FALSE(Json::parse("-1")->whole());
    EXPECT_FALSE(Json::parse("1.0")->whole());
    EXPECT_FALSE(Json::parse("\"1\"")->whole());
}

class JsonRefuses : public ::testing::TestWithParam<const char*> {};

TEST_P(JsonRefuses, what_is_not_json) {
    EXPECT_FALSE(Json::parse(GetParam())) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Texts, JsonRefuses,
                         ::testing::Values("", " ", "{", "}", "[1,]", "{\"a\":1,}", "{\"a\"}",
                                           "{a:1}", "[1 2]", "1 2", "01", "1.", "1e", ".5", "+1",
                                           "-", "nul", "True", "\"", "\"\\x\"", "\"\\u12\"",
                                           "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"",
                                           "\"a\nb\"", "[", "{\"a\":", "'a'"));

TEST(Json, refuses_what_is_nested_too_deep) {
    EXPECT_TRUE(Json::parse(std::string(32, '[') + std::string(32, ']')));
    EXPECT_FALSE(Json::parse(std::string(34, '[') + std::string(34, ']')));
    EXPECT_FALSE(Json::parse(std::string(1'000'000, '[')));
}

TEST(Json, survives_every_truncation) {
    const std::string text = R"({"a":[1,-2.5e3,"\u00e9\ud83d\ude00"],"b":{"c":null,"d":true}})";
    ASSERT_TRUE(Json::parse(text));
    for (std::size_t length = 0; length < text.size(); ++length) {
        EXPECT_FALSE(Json::parse(std::string_view(text).substr(0, length))) << length;
    }
}

}  // namespace
}  // namespace tokenbroker::client
