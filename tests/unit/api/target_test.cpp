#include "api/target.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tokenbroker::api {
namespace {

std::optional<Route> route(const std::string& path) {
    auto parsed = parse_path(path);
    EXPECT_TRUE(parsed.has_value()) << path;
    return parsed ? *parsed : std::nullopt;
}

std::string query_error(Action action, const std::string& query) {
    const auto parsed = parse_query(action, query, Limits{});
    return parsed ? "" : parsed.error().message();
}
Query query(Action action, const std::string& text) {
    const auto parsed = parse_query(action, text, Limits{});
    EXPECT_TRUE(parsed.has_value()) << text << ": " << (parsed ? "" : parsed.error().message());
    return parsed ? *parsed : Query{};
}

TEST(Path, leads_to_each_call) {
    struct Row {
        const char* path;
        Action action;
        bool post;
        const char* account;
    };
    const std::vector<Row> table{
        {"/healthz", Action::healthz, false, ""},
        {"/readyz", Action::readyz, false, ""},
        {"/metrics", Action::metrics, false, ""},
        {"/version", Action::version, false, ""},
        {"/v1/reload", Action::reload, true, ""},
        {"/v1/accounts", Action::list, false, ""},
        {"/v1/accounts/a", Action::status, false, "a"},
        {"/v1/accounts/a/token", Action::token, false, "a"},
        {"/v1/accounts/a/token/events", Action::events, false, "a"},
        {"/v1/accounts/a/token/rejected", Action::rejected, true, "a"},
        {"/v1/accounts/a/access", Action::access, false, "a"},
        {"/v1/accounts/a/refresh", Action::refresh, true, "a"},
        {"/v1/accounts/a/resume", Action::resume, true, "a"},
        {"/v1/accounts/a/revoke", Action::revoke, true, "a"},
        {"/v1/accounts/rossum%2Dprod/%74oken", Action::token, false, "rossum-prod"},
        {"/v1/accounts/a%2Fb/token", Action::token, false, "a/b"},
    };
    for (const Row& row : table) {
        const auto found = route(row.path);
        ASSERT_TRUE(found.has_value()) << row.path;
        EXPECT_EQ(found->action, row.action) << row.path;
        EXPECT_EQ(found->post, row.post) << row.path;
        EXPECT_EQ(found->account, row.account) << row.path;
    }
}

TEST(Path, leads_nowhere_else) {
    for (const char* path :
         {"/", "//", "/v1", "/v1/", "/v1/accounts/", "/v2/accounts", "/v1/accounts//token",
          "/healthz/", "/v1/accounts/a/", "/v1/accounts/a/token/", "/v1/accounts/a/token/events/x",
          "/v1/accounts/a/tokens", "/v1/accounts/a/token/events/", "/V1/accounts", "/Healthz",
          "/v1/reload/", "/v1/accounts/a/b/c/d/e/f/g/h", "/v1/accounts/../reload"}) {
        EXPECT_FALSE(route(path).has_value()) << path;
    }
}

TEST(Path, with_a_bad_escape_is_an_error) {
    for (const char* path :
         {"/%", "/%4", "/%zz", "/v1/accounts/%00/token", "/v1/accounts/a%2/token"}) {
        EXPECT_FALSE(parse_path(path).has_value()) << path;
    }
}

TEST(Query, takes_durations_and_bare_seconds) {
    EXPECT_EQ(query(Action::token, "min_ttl=90s&wait=250ms").min_ttl, std::chrono::seconds(90));
    EXPECT_EQ(query(Action::token, "min_ttl=90s&wait=250ms").wait, Milliseconds(250));
    EXPECT_EQ(query(Action::token, "wait=7").wait, std::chrono::seconds(7));
    EXPECT_EQ(query(Action::token, "wait=0").wait, Milliseconds(0));
    EXPECT_EQ(query(Action::token, "wait=60").wait, std::chrono::seconds(60));
    EXPECT_EQ(query(Action::token, "m%69n_ttl=1%68").min_ttl, std::chrono::hours(1));
    EXPECT_FALSE(query(Action::token, "").wait.has_value());
}

TEST(Query, takes_flags_and_uids) {
    EXPECT_TRUE(query(Action::readyz, "strict=1").strict);
    EXPECT_FALSE(query(Action::readyz, "strict=0").strict);
    EXPECT_TRUE(query(Action::resume, "clear_throttle=1&wait=1").clear_throttle);
    EXPECT_EQ(query(Action::access, "uid=4294967294").uid, 4294967294U);
}

TEST(Query, refuses_what_it_does_not_know) {
    struct Row {
        Action action;
        const char* query;
    };
    const std::vector<Row> table{
        {Action::token, "x=1"},         {Action::token, "wait=1&wait=1"},
        {Action::token, "wait=61"},     {Action::token, "wait=61s"},
        {Action::token, "wait=1h"},     {Action::token, "wait=-1"},
        {Action::token, "wait="},       {Action::token, "wait"},
        {Action::token, "wait=1x"},     {Action::token, "min_ttl=soon"},
        {Action::token, "strict=1"},    {Action::token, "wait=%zz"},
        {Action::token, "=1"},          {Action::healthz, "a"},
        {Action::readyz, "strict=yes"}, {Action::readyz, "strict"},
        {Action::access, "uid="},       {Action::access, "uid=4294967296"},
        {Action::access, "uid=-1"},     {Action::access, "uid=root"},
        {Action::list, "limit=1"},      {Action::events, "wait=1"},
        {Action::reload, "wait=1"},     {Action::refresh, "clear_throttle=1"},
    };
    for (const Row& row : table)
        EXPECT_NE(query_error(row.action, row.query), "") << row.query;
}

TEST(Query, says_what_is_allowed) {
    EXPECT_EQ(query_error(Action::token, "min-ttl=1"),
              "unknown query name \"min-ttl\"; allowed: min_ttl, wait");
    EXPECT_EQ(query_error(Action::list, "a=1"), "unknown query name \"a\"; none is taken here");
    EXPECT_EQ(query_error(Action::token, "%ff=1"), "unknown query name; allowed: min_ttl, wait");
}

}  // namespace
}  // namespace tokenbroker::api
