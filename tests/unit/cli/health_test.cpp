#include "support/sanitized.hpp"
#include "tokenctl.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace tokenbroker::cli {
namespace {

using support::http_answer;
using support::StubDaemon;
using support::StubPeer;

TEST(Health, asks_for_what_the_options_say) {
    const StubDaemon daemon(StubDaemon::answering({http_answer(200, "ok\n", "", "text/plain")}));
    for (const auto& [words, target] :
         std::vector<std::pair<std::vector<std::string>, std::string>>{
             {{"health"}, "/healthz "},
             {{"health", "--ready"}, "/readyz "},
             {{"health", "--strict"}, "/readyz?strict=1 "},
             {{"health", "--ready", "--strict"}, "/readyz?strict=1 "}}) {
        const auto outcome = tokenctl(daemon, words);
        EXPECT_EQ(outcome.code, 0);
        EXPECT_TRUE(daemon.requests().back().starts_with("GET " + target))
            << daemon.requests().back();
    }
}

TEST(Health, says_in_one_line_what_is_missing) {
    const StubDaemon daemon(StubDaemon::answering(
        {http_answer(
             200,
             R"({"status":"degraded","without_token":["a","b"],"failing":[{"account":"c","expires_at":"2026-11-24T10:00:00Z"},{"account":"d","expires_at":null}]})"),
         http_answer(503, R"({"status":"degraded","without_token":2,"failing":0})"),
         http_answer(200, R"({"status":"ready","without_token":[],"failing":[]})")}));
    EXPECT_EQ(tokenctl(daemon, {"health", "--ready"}).out,
              "degraded; 2 without a token (a, b); 2 failing (c until 2026-11-24T10:00:00Z, d)\n");
    const auto strict = tokenctl(daemon, {"health", "--strict"});
    EXPECT_EQ(strict.code, 1);
    EXPECT_EQ(strict.err, "tokenctl: not healthy: degraded; 2 without a token\n");
    EXPECT_EQ(tokenctl(daemon, {"health", "--ready"}).out, "ready\n");
}

TEST(Health, exits_1_where_nobody_is_there) {
    const auto outcome = tokenctl_alone({"health"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_TRUE(is_one_line(outcome.err));
}

TEST(Health, does_not_wait_longer_than_a_second_for_a_daemon_that_hangs) {
    const StubDaemon daemon([](StubPeer& peer) { peer.wait_for_close(); });
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(tokenctl(daemon, {"health"}).code, 1);
    const auto at_most = std::chrono::seconds(support::sanitized ? 3 : 1);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, at_most);
}

}  // namespace
}  // namespace tokenbroker::cli
