#include "broker/render.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::broker {
namespace {

using namespace std::chrono_literals;
constexpr WallTime issued{std::chrono::sys_seconds(1795305600s)};

PublishedToken rendered(std::string_view header_name = "Authorization",
                        std::string_view header_value = "Bearer t0k\"en") {
    const AccountName name = *AccountName::parse("rossum-prod");
    const Secret token("t0k\"en");
    const Secret value(header_value);
    return render({name, token, header_name, value, "requested", 1795305600, issued, issued + 162h,
                   std::nullopt});
}

TEST(Render, makes_the_whole_answer_but_for_its_first_lines) {
    const std::string body =
        R"({"account":"rossum-prod","access_token":"t0k\"en","token_type":"Bearer",)"
        R"("header":{"name":"Authorization","value":"Bearer t0k\"en"},"issued_at":"2026-11-22T00:00:00Z",)"
        R"("expires_at":"2026-11-28T18:00:00Z","expiry_source":"requested","generation":1795305600})";
    EXPECT_EQ(rendered()->json_body(), body);
    EXPECT_EQ(rendered()->json_answer.reveal(),
              "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                  "\r\nETag: \"1795305600\"\r\nCache-Control: no-store\r\nVary: Accept\r\n\r\n" +
                  body);
}

TEST(Render, what_is_served_ends_with_the_second_that_the_answer_names) {
    const AccountName name = *AccountName::parse("rossum-prod");
    const Secret token("t");
    const BootTime boot{1h};
    const PublishedToken odd = render({name, token, "Authorization", token, "requested", 1, issued,
                                       issued + 10700ms, boot + 10700ms});
    EXPECT_NE(odd->json_body().find(R"("expires_at":"2026-11-22T00:00:10Z")"),
              std::string_view::npos);
    EXPECT_FALSE(odd->expired({issued + 9999ms, boot + 9999ms}));
    EXPECT_TRUE(odd->expired({issued + 10s, boot + 9s}));
    EXPECT_TRUE(odd->expired({issued + 9s, boot + 10s}));
}

TEST(Render, the_text_is_the_bare_token_under_a_tag_of_its_own) {
    EXPECT_EQ(rendered()->token(), "t0k\"en");
    EXPECT_EQ(rendered()->text_answer.reveal(),
              "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 6\r\nETag: "
              "\"1795305600-text\"\r\n"
              "Cache-Control: no-store\r\nVary: Accept\r\n\r\nt0k\"en");
}

TEST(Render, only_an_authorization_bearer_header_is_of_type_bearer) {
    EXPECT_NE(rendered("X-Forensic-Access-Token", "t0k\"en")
                  ->json_body()
                  .find(R"("token_type":"custom")"),
              std::string_view::npos);
    EXPECT_NE(
        rendered("Authorization", "Token t0k\"en")->json_body().find(R"("token_type":"custom")"),
        std::string_view::npos);
}

TEST(Render, a_token_without_expiry_has_no_expires_at) {
    const AccountName name = *AccountName::parse("a");
    const Secret token("t");
    const auto made =
        render({name, token, "X", token, "none", 1, issued, std::nullopt, std::nullopt});
    EXPECT_EQ(made->json_body().find("expires_at"), std::string_view::npos);
    EXPECT_FALSE(made->expired({issued + 1000000h, BootTime(1h)}));
    EXPECT_EQ(made->left({issued, BootTime(1h)}), forever);
}

TEST(Published, is_expired_by_whichever_clock_says_so_first_and_before_its_issue) {
    const AccountName name = *AccountName::parse("a");
    const Secret token("t");
    const auto made =
        render({name, token, "X", token, "requested", 1, issued, issued + 1h, BootTime(2h)});
    EXPECT_FALSE(made->expired({issued, BootTime(1h)}));
    EXPECT_TRUE(made->expired({issued + 1h, BootTime(1h)}));
    EXPECT_TRUE(made->expired({issued, BootTime(2h)}));
    EXPECT_TRUE(made->expired({issued - 1ms, BootTime(1h)}));
    EXPECT_EQ(made->left({issued, BootTime(90min)}), 30min);
}

}  // namespace
}  // namespace tokenbroker::broker
