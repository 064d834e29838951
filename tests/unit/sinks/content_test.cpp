#include "sinks/content.hpp"

#include "broker/render.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::sinks {
namespace {

const AccountName account = *AccountName::parse("rossum-prod.2");

std::string content(Format format,
                    std::string_view text = "abc.DEF-123_=", const AccountName& of = account) {
    const Secret token(text);
    const Secret value("Bearer " + std::string(text));
    const WallTime issued{std::chrono::sys_seconds(std::chrono::seconds(1795305600))};
    const auto published = broker::render(
        {of, token, "Authorization", value, "none", 7, issued, std::nullopt, std::nullopt});
    return std::string(content_of(*published, of, format).reveal());
}

TEST(SinkContent, raw_is_the_token_without_a_newline) {
    EXPECT_EQ(content(Format::raw), "abc.DEF-123_=");
}

TEST(SinkContent, header_is_a_line_for_curl) {
    EXPECT_EQ(content(Format::header), "Authorization: Bearer abc.DEF-123_=\n");
}

TEST(SinkContent, json_is_what_the_api_answers) {
    EXPECT_NE(content(Format::json).find("\"access_token\":\"abc.DEF-123_=\""), std::string::npos);
    EXPECT_EQ(content(Format::json).back(), '}');
}

TEST(SinkContent, env_names_the_account_in_capitals_and_quotes_only_where_a_shell_needs_it) {
    EXPECT_EQ(content(Format::env), "ROSSUM_PROD_2_TOKEN=abc.DEF-123_=\n");
    EXPECT_EQ(content(Format::env, "a b$c"), "ROSSUM_PROD_2_TOKEN='a b$c'\n");
    EXPECT_EQ(content(Format::env, "it's"), "ROSSUM_PROD_2_TOKEN='it'\\''s'\n");
}

TEST(SinkContent, env_gives_a_name_that_a_shell_can_assign_where_the_account_begins_with_a_digit) {
    EXPECT_EQ(content(Format::env, "t", *AccountName::parse("5g")), "_5G_TOKEN=t\n");
}

}  // namespace
}  // namespace tokenbroker::sinks
