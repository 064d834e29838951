// How a daemon with many accounts comes up: it serves first, then logs in as its realms allow, and
// says beforehand how long that takes.
#include "integration/world.hpp"
#include "support/process.hpp"
#include "support/sanitized.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tokenbroker::integration {
namespace {

std::vector<Account> many(std::size_t number, const std::string& more) {
    std::vector<Account> accounts;
    for (std::size_t n = 0; n < number; ++n) {
        accounts.push_back(Account{
            .name = "a" + std::to_string(n + 100), .inputs = "exchange: false", .more = more});
    }
    return accounts;
}

constexpr const char* cold_start =
    "200 accounts behind 60 logins a minute: a cold start takes 3 min 20 s";

TEST(Start, with_budgets_that_its_accounts_cannot_live_on_says_so_with_the_arithmetic) {
    World world;
    world.configure(many(200, "    login: on_demand"));
    const Ran check = run({daemon_program(), "--check", "--config", world.daemon.config_file()});
    EXPECT_EQ(check.exit.status, 0) << check.errors;
    EXPECT_NE(check.errors.find("warning: realm " + world.sandbox.url() + ": " + cold_start),
              std::string::npos)
        << check.errors;

    world.configure(many(60, "    login: on_demand"));
    world.daemon.start();
    EXPECT_EQ(world.logged({"a cold start takes"}), 0U);
    world.configure(many(200, "    login: on_demand"));
    const HttpAnswer reloaded = world.daemon.post("/v1/reload");
    EXPECT_EQ(reloaded.status, 200);
    EXPECT_NE(reloaded.body.find(cold_start), std::string::npos) << reloaded.body;
    EXPECT_EQ(world.logged({"configuration_warning", cold_start}), 1U);

    world.daemon.stop();
    world.daemon.start();
    EXPECT_EQ(world.logged({"configuration_warning", cold_start}), 2U);
}

TEST(Start, serves_before_any_login_and_needs_no_upstream_for_that) {
    World world;
    world.sandbox.fault(R"({"endpoint": "rossum.login", "do": "hang", "times": 0})");
    world.start(many(30, ""));
    EXPECT_EQ(world.daemon.get("/readyz").status, 200);
    EXPECT_EQ(world.daemon.get("/healthz").status, 200);
    EXPECT_EQ(world.daemon.token("a129", "?wait=0s").status, 503);
    EXPECT_EQ(world.sandbox.count("rossum.login").ok, 0U);
    ASSERT_TRUE(
        eventually(10s, [&] { return world.logged({"\"event\":\"attempt_started\""}) > 0; }));
    const std::string log = world.daemon.log();
    EXPECT_LT(log.find("\"event\":\"ready\""), log.find("\"event\":\"attempt_started\""))
        << "a login before anybody could ask";
}

TEST(Start, logs_in_at_the_pace_of_the_realm_and_first_where_somebody_waits) {
    constexpr std::size_t budget = 12;
    constexpr double per = 6;
    std::vector<std::string> options{"--rossum-rate", "0"};
    std::vector<Account> accounts = many(30, "    throttle: { realm: small }");
    for (Account& account : accounts) {
        account.username = account.name + "@mycompany";
        options.insert(options.end(), {"--user", account.username + ":sandbox-password"});
    }
    World world(options);
    world.start(accounts, "realms: { small: { logins: 12, per: 6s } }\n");
    ASSERT_TRUE(eventually(5s, [&] { return world.sandbox.count("rossum.login").requests >= 3; }));
    const std::size_t before = world.sandbox.count("rossum.login").requests;
    EXPECT_EQ(world.daemon.token("a129", "?wait=20s").status, 200);
    const auto waited = world.sandbox.count("rossum.login").requests;
    EXPECT_LE(waited, before + 3) << "the last by name, and the first in the queue";
    EXPECT_LT(waited, accounts.size());

    ASSERT_TRUE(eventually(40s, [&] { return world.sandbox.count("rossum.login").ok == 30; }));
    const std::vector<double> at = world.sandbox.count("rossum.login").at;
    EXPECT_EQ(at.size(), accounts.size());
    EXPECT_LE(fullest_window(at, per), budget);
    // A quarter at once, the others one each half a second.
    EXPECT_LE(fullest_window(at, 1), budget / 4 + 3);
    EXPECT_GT(at.back() - at.front(), per);
}

TEST(AtRest, a_daemon_with_ten_accounts_takes_less_than_8_megabytes) {
    if (sanitized) GTEST_SKIP() << "the sanitizers take their own memory";
    World world({"--rossum-rate", "0"});
    world.start(many(10, ""));
    for (const Account& account : many(10, ""))
        ASSERT_EQ(world.daemon.token(account.name, "?wait=15s").status, 200);
    const auto small = [&] { return resident(world.daemon.process_id()).all < 8'000'000; };
    EXPECT_TRUE(eventually(15s, small)) << resident(world.daemon.process_id()).all;
    // After work of other kinds, too.
    for (int asked = 0; asked < 100; ++asked) {
        EXPECT_EQ(world.daemon.token("a100").status, 200);
        EXPECT_EQ(world.daemon.get("/v1/accounts").status, 200);
        EXPECT_EQ(world.daemon.get("/metrics").status, 200);
    }
    EXPECT_TRUE(eventually(15s, small)) << resident(world.daemon.process_id()).all;
}

}  // namespace
}  // namespace tokenbroker::integration
