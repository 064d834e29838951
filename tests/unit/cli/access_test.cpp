#include "tokenctl.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::cli {
namespace {

using support::http_answer;
using support::StubDaemon;

TEST(Access, says_which_line_lets_in) {
    const StubDaemon daemon(StubDaemon::answering({http_answer(
        200,
        R"({"allowed":true,"peer":{"uid":1000,"gids":[1000,27],"unit":"i.service"},"line":"{ user: invoices }"})")}));
    const auto outcome = tokenctl(daemon, {"access", "a"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.out,
              "a: allowed for uid 1000, gids 1000 27, unit i.service: { user: invoices }\n");
    EXPECT_TRUE(daemon.requests()[0].starts_with("GET /v1/accounts/a/access HTTP/1.1\r\n"));
}

TEST(Access, shows_an_admin_every_line_for_any_user) {
    const StubDaemon daemon(StubDaemon::answering({http_answer(
        200,
        R"({"allowed":false,"peer":{"uid":7,"gids":[],"unit":null,"unit_reason":"another PID namespace"},)"
        R"("line":"no line holds","lines":[{"line":"{ uid: 8 }","match":"no","reason":"uid is 7"},)"
        R"({"line":"{ unit: x.service }","match":"unknown","reason":""}]})")}));
    EXPECT_EQ(tokenctl(daemon, {"access", "a", "--as-uid", "7"}).out,
              "a: not allowed for uid 7, no unit (another PID namespace): no line holds\n"
              "  no       { uid: 8 }: uid is 7\n"
              "  unknown  { unit: x.service }\n");
    EXPECT_TRUE(daemon.requests()[0].starts_with("GET /v1/accounts/a/access?uid=7 HTTP/1.1\r\n"));
}

TEST(Access, exits_4_where_it_may_not_even_ask) {
    const StubDaemon daemon(
        StubDaemon::answering({problem(403, "access-denied", "only admins ask for others")}));
    const auto outcome = tokenctl(daemon, {"access", "a", "--as-uid", "0"});
    EXPECT_EQ(outcome.code, 4);
    EXPECT_EQ(outcome.err, "tokenctl: only admins ask for others\n");
}

}  // namespace
}  // namespace tokenbroker::cli
