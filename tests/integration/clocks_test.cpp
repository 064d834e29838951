// Clocks that are set, machines that sleep, processes that are stopped: a prompt second look, never
// an expired token, never a burst of logins.
#include "integration/world.hpp"
#include "support/own_machine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

namespace tokenbroker::integration {
namespace {

constexpr auto npos = std::string::npos;
constexpr auto at_once = 10s;  // on a busy machine; a look by itself would come after half a minute

TEST(Clock, that_is_set_by_minutes_or_years_either_way_costs_no_login_and_no_token) {
    World world;
    OwnMachine machine(world.folder);
    world.configure({Account{.inputs = "token_lifetime: 2h, exchange: false"}});
    world.daemon.start(machine.environment());
    HttpAnswer last = world.daemon.token("rossum");
    const std::string token = token_of(last);
    const double expires = expiry_of(last);

    for (const std::chrono::seconds ahead :
         {std::chrono::seconds(7min), std::chrono::seconds(-10min), std::chrono::seconds(26280h),
          std::chrono::seconds(-35040h), std::chrono::seconds(0)}) {
        SCOPED_TRACE(ahead.count());
        machine.set_wall_clock(ahead);
        const auto shift = static_cast<double>(ahead.count());
        EXPECT_TRUE(eventually(at_once, [&] {
            const HttpAnswer now = world.daemon.token("rossum", "?wait=0s");
            if (now.status != 200) return false;
            const bool moved = generation_of(now) > generation_of(last);
            last = now;
            return moved;
        }));
        EXPECT_EQ(token_of(last), token);
        EXPECT_NEAR(expiry_of(last), expires + shift, 3);
    }
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 1U);

    // What is on disk is as right as what is served.
    world.daemon.stop();
    world.daemon.start(machine.environment());
    EXPECT_EQ(world.daemon.token("rossum", "?wait=0s").body, last.body);
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 1U);
}

TEST(Clock, that_passes_a_stated_expiry_ends_the_token_and_one_that_is_mended_brings_it_back) {
    World world({"--oz-longlive-ttl", "15m"});
    OwnMachine machine(world.folder);
    world.configure(
        {Account{.name = "oz",
                 .recipe = "oz-service-token",
                 .inputs = "user_id: 00000000-0000-4000-8000-000000000002"}},
        "throttle: { logins: 1000, per: 1m, throttled_backoff: { initial: 1m, factor: 2, max: 1h } "
        "}\n");
    world.daemon.start(machine.environment());
    const HttpAnswer first = world.daemon.token("oz");
    ASSERT_EQ(first.status, 200) << first.body;

    machine.set_wall_clock(20min);
    EXPECT_TRUE(
        eventually(at_once, [&] { return world.daemon.token("oz", "?wait=0s").status == 503; }));
    // What the upstream gives now is expired by this clock: one login shows that, and no more.
    EXPECT_FALSE(eventually(3s, [&] { return world.sandbox.count("oz.login").requests > 2; }));
    EXPECT_EQ(world.daemon.token("oz", "?wait=0s").status, 503);
    EXPECT_EQ(text(member(world.daemon.status("oz"), "token", "state")), "expired");

    machine.set_wall_clock(0s);
    EXPECT_TRUE(
        eventually(at_once, [&] { return world.daemon.token("oz", "?wait=0s").status == 200; }));
    EXPECT_FALSE(eventually(1s, [&] { return world.sandbox.count("oz.login").requests > 3; }));
}

// Some accounts behind a realm's budget, each with a user of its own.
struct Crowd {
    static constexpr std::size_t size = 40;
    static constexpr std::size_t logins = 40;
    static constexpr double per = 4;
    static constexpr double renewal = 4;  // seconds: no token of these tests is renewed so soon

    explicit Crowd(const std::string& lifetime) : world(options()) {
        std::vector<Account> accounts;
        for (std::size_t n = 0; n < size; ++n) {
            accounts.push_back(
                Account{.name = "a" + std::to_string(n),
                        .inputs = "token_lifetime: " + lifetime + ", exchange: false",
                        .more = "    throttle: { realm: crowd }",
                        .username = user(n)});
        }
        world.configure(accounts,
                        std::string("realms: { crowd: { logins: 40, per: 4s } }\n") + impatient);
    }

    static std::string user(std::size_t n) { return "u" + std::to_string(n) + "@mycompany"; }
    static std::vector<std::string> options() {
        std::vector<std::string> all{"--rossum-rate", "0"};
        for (std::size_t n = 0; n < size; ++n)
            all.insert(all.end(), {"--user", user(n) + ":sandbox-password"});
        return all;
    }

    [[nodiscard]] std::string token(std::size_t n, const char* query) const {
        const HttpAnswer answer = world.daemon.token("a" + std::to_string(n), query);
        return answer.status == 200 ? token_of(answer) : std::string();
    }
    void log_in() {
        for (std::size_t n = 0; n < size; ++n)
            tokens.push_back(token(n, "?wait=20s"));
        ASSERT_EQ(std::ranges::count(tokens, std::string()), 0);
    }
    // After a time in which every token expired: none of them is served, and each account gets
    // another by one login, paced by the realm.
    void expect_recovery() {
        std::vector<bool> renewed(size);
        EXPECT_TRUE(eventually(30s, [&] {
            for (std::size_t n = 0; n < size; ++n) {
                const std::string now = token(n, "?wait=0s");
                EXPECT_NE(now, tokens[n]);
                renewed[n] = renewed[n] || !now.empty();
            }
            return std::ranges::all_of(renewed, [](bool yes) { return yes; });
        }));
        std::vector<double> after;
        for (std::size_t n = 0; n < size; ++n) {
            const std::vector<double> all = world.sandbox.count("rossum.login", user(n)).at;
            const auto first = std::ranges::upper_bound(all, woke);
            after.insert(after.end(), first, all.end());
            EXPECT_LE(fullest_window({first, all.end()}, renewal), 1U) << user(n);
        }
        EXPECT_GE(after.size(), size);
        EXPECT_LE(fullest_window(after, per), logins);
        // A quarter of the budget at once, then one each 100 ms.
        EXPECT_LE(fullest_window(after, 1), logins / 4 + 11);
    }
    void wake() {
        woke = now_seconds();
        world.daemon.process().signal(SIGCONT);
    }

    World world;
    std::vector<std::string> tokens;
    double woke = 0;
};

TEST(Sleep, past_the_life_of_every_token_leads_to_one_login_each_and_no_burst) {
    Crowd crowd("2h");
    OwnMachine machine(crowd.world.folder);
    crowd.world.daemon.start(machine.environment());
    crowd.log_in();
    crowd.world.daemon.process().signal(SIGSTOP);
    machine.sleep(3h);
    crowd.wake();
    crowd.expect_recovery();
    EXPECT_NE(crowd.world.daemon.log().find("clock_stepped"), std::string::npos);
}

TEST(Sleep, that_no_token_dies_in_costs_no_login) {
    World world;
    OwnMachine machine(world.folder);
    world.configure({Account{.inputs = "token_lifetime: 10h, exchange: false"}});
    world.daemon.start(machine.environment());
    const HttpAnswer first = world.daemon.token("rossum");
    world.daemon.process().signal(SIGSTOP);
    machine.sleep(5h);
    world.daemon.process().signal(SIGCONT);
    EXPECT_EQ(world.daemon.token("rossum", "?wait=0s").body, first.body);
    EXPECT_FALSE(eventually(1s, [&] { return world.sandbox.count("rossum.login").requests > 1; }));
}

TEST(Sleep, while_an_upstream_is_waited_for_counts_against_its_deadline) {
    World world;
    OwnMachine machine(world.folder);
    world.configure({Account{.inputs = "exchange: false"}}, impatient);
    world.daemon.start(machine.environment());
    ASSERT_EQ(world.daemon.token("rossum").status, 200);
    world.sandbox.fault(R"({"endpoint": "rossum.login", "do": "hang"})");
    ASSERT_EQ(world.daemon.post("/v1/accounts/rossum/refresh").status, 202);
    ASSERT_TRUE(eventually(5s, [&] { return world.sandbox.count("rossum.login").requests == 2; }));
    world.daemon.process().signal(SIGSTOP);
    machine.sleep(1h);
    world.daemon.process().signal(SIGCONT);
    EXPECT_TRUE(eventually(at_once, [&] {
        return world.error_message("rossum").find("not done within 30s") != npos;
    })) << world.error_message("rossum");
}

TEST(Stopped, for_longer_than_its_tokens_live_it_serves_none_of_them_and_makes_no_burst) {
    Crowd crowd("10s");
    crowd.world.daemon.start();
    crowd.log_in();
    crowd.world.daemon.process().signal(SIGSTOP);
    EXPECT_FALSE(eventually(11s, [] { return false; }));
    crowd.wake();
    crowd.expect_recovery();
}

}  // namespace
}  // namespace tokenbroker::integration
