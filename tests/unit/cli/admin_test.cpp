#include "tokenctl.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::cli {
namespace {

using support::http_answer;
using support::StubDaemon;
using support::token_json;

const std::string valid_account =
    R"({"account":"a","token":{"state":"valid","generation":9,"expires_at":null},"login":{"state":"idle"}})";

TEST(Admin, sends_what_was_asked_for) {
    const StubDaemon daemon(StubDaemon::answering({http_answer(200, valid_account)}));
    for (const auto& [words, line] : std::vector<std::pair<std::vector<std::string>, std::string>>{
             {{"refresh", "a"}, "POST /v1/accounts/a/refresh HTTP/1.1\r\n"},
             {{"refresh", "a", "--wait", "30s"},
              "POST /v1/accounts/a/refresh?wait=30s HTTP/1.1\r\n"},
             {{"resume", "a"}, "POST /v1/accounts/a/resume HTTP/1.1\r\n"},
             {{"resume", "a", "--clear-throttle"},
              "POST /v1/accounts/a/resume?clear_throttle=1 HTTP/1.1\r\n"},
             {{"revoke", "a"}, "POST /v1/accounts/a/revoke HTTP/1.1\r\n"}}) {
        const auto outcome = tokenctl(daemon, words);
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        EXPECT_TRUE(daemon.requests().back().starts_with(line)) << daemon.requests().back();
        EXPECT_NE(daemon.requests().back().find("\r\nContent-Length: 0\r\n"), std::string::npos);
    }
}

TEST(Admin, says_what_came_of_it) {
    const StubDaemon done(StubDaemon::answering({http_answer(200, valid_account)}));
    EXPECT_EQ(tokenctl(done, {"refresh", "a"}).out,
              "a: refreshed; the token now is of generation 9 and does not expire\n");
    const StubDaemon begun(StubDaemon::answering({http_answer(202, valid_account)}));
    EXPECT_EQ(tokenctl(begun, {"refresh", "a"}).out, "a: under way; see 'tokenctl status a'\n");
    const auto late = tokenctl(begun, {"refresh", "a", "--wait", "1s"});
    EXPECT_EQ(late.code, 3);
    EXPECT_EQ(late.err,
              "tokenctl: a: not done within 1s, but under way: see 'tokenctl status a'\n");
}

TEST(Admin, exits_by_the_answer) {
    const auto code = [](const std::string& answer) {
        const StubDaemon daemon(StubDaemon::answering({answer}));
        const auto outcome = tokenctl(daemon, {"revoke", "a"});
        EXPECT_TRUE(is_one_line(outcome.err)) << outcome.err;
        return outcome.code;
    };
    EXPECT_EQ(code(problem(403, "access-denied", "admins only")), 4);
    EXPECT_EQ(code(problem(404, "unknown-account", "none")), 5);
    EXPECT_EQ(code(problem(409, "conflict", "the recipe has no revoke steps")), 1);
    EXPECT_EQ(
        code(problem(503, "login-throttled", "the share is spent", "", "Retry-After: 60\r\n")), 3);
}

TEST(Reject, names_the_token_now_where_no_generation_is_given) {
    const StubDaemon daemon(StubDaemon::answering(
        {http_answer(200, valid_account), http_answer(200, token_json("a", "s3cret", 10))}));
    const auto outcome = tokenctl(daemon, {"reject", "a"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(
        outcome.out.starts_with("a: replaced; the token now is of generation 10 and expires in "))
        << outcome.out;
    EXPECT_EQ(outcome.out.find("s3cret"), std::string::npos);
    ASSERT_EQ(daemon.requests().size(), 2U);
    EXPECT_TRUE(daemon.requests()[0].starts_with("GET /v1/accounts/a HTTP/1.1\r\n"));
    EXPECT_TRUE(daemon.requests()[1].starts_with(
        "POST /v1/accounts/a/token/rejected?wait=30s HTTP/1.1\r\n"));
    EXPECT_TRUE(daemon.requests()[1].ends_with("{\"generation\":9}"));
}

TEST(Reject, says_that_a_token_still_works) {
    const StubDaemon daemon(StubDaemon::answering({http_answer(200, token_json("a", "s", 9))}));
    const auto outcome = tokenctl(daemon, {"reject", "a", "--generation", "9"});
    EXPECT_TRUE(outcome.out.starts_with("a: kept, as it still works; ")) << outcome.out;
    EXPECT_EQ(daemon.requests().size(), 1U);
}

TEST(Reject, has_nothing_to_name_where_there_is_no_token) {
    const StubDaemon daemon(
        StubDaemon::answering({http_answer(200, R"({"account":"a","token":{"state":"none"}})")}));
    EXPECT_EQ(tokenctl(daemon, {"reject", "a"}).code, 3);
}

TEST(Reload, prints_what_changed) {
    const StubDaemon daemon(StubDaemon::answering(
        {http_answer(
             200,
             R"({"changed":["account a: added"],"restart_needed":["socket.mode"],"warnings":["w"]})"),
         http_answer(200, R"({"changed":[],"restart_needed":[],"warnings":[]})"),
         http_answer(200, R"({"changed":[],"restart_needed":[],"warnings":["w"]})")}));
    EXPECT_EQ(tokenctl(daemon, {"reload"}).out,
              "account a: added\nrestart needed: socket.mode\nwarning: w\n");
    EXPECT_EQ(tokenctl(daemon, {"reload"}).out, "nothing changed\n");
    EXPECT_EQ(tokenctl(daemon, {"reload"}).out, "nothing changed\nwarning: w\n");
    EXPECT_TRUE(daemon.requests()[0].starts_with("POST /v1/reload HTTP/1.1\r\n"));
}

TEST(Reload, prints_every_mistake) {
    const StubDaemon daemon(StubDaemon::answering({problem(
        422, "configuration", "2 mistakes; nothing was changed",
        R"(,"mistakes":["/etc/t.yaml:3:5: unknown key",{"file":"/etc/u.yaml","line":7,"column":1,"message":"bad"}])")}));
    const auto outcome = tokenctl(daemon, {"reload"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.out, "/etc/t.yaml:3:5: unknown key\n/etc/u.yaml:7:1: bad\n");
    EXPECT_EQ(outcome.err, "tokenctl: 2 mistakes; nothing was changed\n");
}

}  // namespace
}  // namespace tokenbroker::cli
