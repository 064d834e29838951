#include "support/stub_daemon.hpp"

#include <gtest/gtest.h>

#include <string>
#include <tokenbroker/detail/wire.hpp>

namespace tokenbroker::client {
namespace {

using detail::parse_token;
using support::token_json;

TEST(Token, has_all_that_the_daemon_says) {
    const std::string json =
        token_json("rossum-prod", "s3cret", 1795305600, "2026-11-28T18:00:00Z");
    const auto token = parse_token(json);
    ASSERT_TRUE(token);
    EXPECT_EQ(token->account, "rossum-prod");
    EXPECT_EQ(token->access_token, "s3cret");
    EXPECT_EQ(token->token_type, "Bearer");
    EXPECT_EQ(token->header_name, "Authorization");
    EXPECT_EQ(token->header_value, "Bearer s3cret");
    EXPECT_EQ(token->issued_at, TimePoint(std::chrono::seconds(1795305600)));
    EXPECT_EQ(token->expires_at, TimePoint(std::chrono::seconds(1795888800)));
    EXPECT_EQ(token->expiry_source, "requested");
    EXPECT_EQ(token->generation, 1795305600U);
    EXPECT_EQ(token->json, json);
}

TEST(Token, may_never_expire_and_have_unknown_members) {
    const auto token = parse_token(
        R"({"new":[1],"account":"a","access_token":"t","token_type":"custom","generation":1,)"
        R"("header":{"name":"X","value":"t","more":1},"issued_at":"2026-11-22T00:00:00Z"})");
    ASSERT_TRUE(token);
    EXPECT_FALSE(token->expires_at);
    EXPECT_FALSE(token->expired());
}

TEST(Token, is_expired_at_the_very_moment) {
    const auto token = parse_token(token_json("a", "t", 1, "2026-11-28T18:00:00Z"));
    ASSERT_TRUE(token);
    EXPECT_FALSE(token->expired(*token->expires_at - std::chrono::milliseconds(1)));
    EXPECT_TRUE(token->expired(*token->expires_at));
}

std::string changed(std::string_view what, std::string_view with) {
    std::string json = token_json("a", "t", 1);
    const auto at = json.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return json.replace(at, what.size(), with);
}

TEST(Token, is_refused_where_something_is_missing_or_of_another_type) {
    const std::string bad[] = {
        "",
        "[]",
        "{}",
        "not json",
        changed("\"access_token\"", "\"token\""),
        changed("\"access_token\":\"t\"", "\"access_token\":\"\""),
        changed("\"access_token\":\"t\"", "\"access_token\":7"),
        changed("\"header\"", "\"headers\""),
        changed("\"value\"", "\"valu\""),
        changed("\"generation\":1", "\"generation\":\"1\""),
        changed("\"generation\":1", "\"generation\":-1"),
        changed("\"issued_at\":\"2026", "\"issued_at\":\"x026"),
        changed("\"expires_at\":\"2999", "\"expires_at\":\"x999"),
        changed("\"Authorization\"", "\"Authorization\\r\\nX\""),
        changed("\"Bearer t\"", "\"Bearer t\\nX: y\""),
    };
    for (const auto& json : bad) {
        const auto token = parse_token(json);
        ASSERT_FALSE(token) << json;
        EXPECT_EQ(token.error().kind, ErrorKind::failed);
    }
}

TEST(Token, is_not_quoted_by_the_error_about_it) {
    const auto token = parse_token(R"({"access_token":"s3cret"})");
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().message.find("s3cret"), std::string::npos);
}

Answer problem(int status, const std::string& name, const std::string& detail) {
    Answer answer;
    answer.status = status;
    answer.content_type = "application/problem+json";
    answer.body = R"({"type":"/problems/)" + name + R"(","title":"A title","status":)" +
                  std::to_string(status) + R"(,"detail":")" + detail + "\"}";
    return answer;
}

TEST(Problem, becomes_an_error_of_its_kind) {
    const auto kind = [](int status, const char* name) {
        return to_error(problem(status, name, "d")).kind;
    };
    EXPECT_EQ(kind(400, "bad-request"), ErrorKind::bad_request);
    EXPECT_EQ(kind(403, "access-denied"), ErrorKind::access_denied);
    EXPECT_EQ(kind(404, "unknown-account"), ErrorKind::unknown_account);
    EXPECT_EQ(kind(404, "not-found"), ErrorKind::failed);
    EXPECT_EQ(kind(409, "conflict"), ErrorKind::failed);
    EXPECT_EQ(kind(422, "configuration"), ErrorKind::failed);
    EXPECT_EQ(kind(503, "token-unavailable"), ErrorKind::no_token);
    EXPECT_EQ(kind(503, "login-throttled"), ErrorKind::no_token);
    EXPECT_EQ(kind(500, "internal"), ErrorKind::failed);
}

TEST(Problem, keeps_its_detail_name_and_body) {
    auto answer = problem(503, "token-unavailable", "the upstream is down\\u001b[2J");
    answer.retry_after = std::chrono::seconds(9);
    const auto error = to_error(answer);
    EXPECT_EQ(error.message, "the upstream is down [2J");
    EXPECT_EQ(error.problem, "token-unavailable");
    EXPECT_EQ(error.status, 503);
    EXPECT_EQ(error.body, answer.body);
    EXPECT_EQ(error.retry_after, std::chrono::seconds(9));
}

TEST(Problem, that_is_no_json_still_has_words) {
    Answer answer;
    answer.status = 502;
    answer.body = "<html>";
    EXPECT_EQ(to_error(answer).message, "the daemon answered with status 502");
    EXPECT_TRUE(to_error(answer).body.empty());
}

TEST(Request, puts_a_name_into_its_segment_whatever_it_is) {
    EXPECT_EQ(encode_segment("rossum-prod_1.x~"), "rossum-prod_1.x~");
    EXPECT_EQ(encode_segment("../a b?c#\r\n\xff%"), "..%2Fa%20b%3Fc%23%0D%0A%FF%25");
}

TEST(Request, says_only_what_was_asked_for) {
    using std::chrono::hours;
    using std::chrono::seconds;
    EXPECT_EQ(detail::token_request("a", {}).target, "/v1/accounts/a/token");
    EXPECT_EQ(detail::token_request("a", {hours(1), std::nullopt}).target,
              "/v1/accounts/a/token?min_ttl=3600s");
    EXPECT_EQ(detail::token_request("a", {seconds(0), Milliseconds(250)}).target,
              "/v1/accounts/a/token?wait=250ms");
    EXPECT_EQ(detail::token_request("a", {seconds(1), seconds(0)}).target,
              "/v1/accounts/a/token?min_ttl=1s&wait=0s");
}

TEST(Result, holds_a_value_or_an_error_and_throws_for_the_other) {
    const Result<int> value(7);
    const Result<int> error(Error(ErrorKind::no_token, "none"));
    EXPECT_EQ(*value, 7);
    EXPECT_THROW((void)value.error(), std::bad_variant_access);
    EXPECT_FALSE(error);
    EXPECT_THROW((void)*error, std::bad_variant_access);
}

}  // namespace
}  // namespace tokenbroker::client
