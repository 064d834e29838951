#include "integration/world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>

namespace tokenbroker::integration {
namespace {

constexpr std::size_t budget = 8;
constexpr double per = 20;  // seconds
constexpr double clock_slack =
    0.3;  // an attempt is dated before it travels; both clocks count whole milliseconds
constexpr double on_its_way = 0.25;  // from the upstream's answer to the broker's record of it

// The most that any window of `per` seconds holds.
std::size_t fullest_window(const std::vector<double>& at) {
    std::size_t most = 0;
    for (std::size_t first = 0; first < at.size(); ++first) {
        const auto end = std::ranges::lower_bound(at, at[first] + per - clock_slack);
        most = std::max(most, static_cast<std::size_t>(end - at.begin()) - first);
    }
    return most;
}

struct Early {
    std::size_t throttles = 0;
    std::size_t early = 0;  // logins of any account of the realm, before the time that a 429 named
    std::size_t excused = 0;  // the kill fell between the answer and its record
};

Early before_their_time(const boost::json::array& events, const std::vector<double>& kills) {
    Early found;
    const auto is_login = [](const boost::json::value& event) {
        return event.at("endpoint").as_string() == "rossum.login";
    };
    for (std::size_t index = 0; index < events.size(); ++index) {
        const auto* retry_after = events[index].as_object().if_contains("retry_after");
        if (!is_login(events[index]) || retry_after == nullptr) continue;
        ++found.throttles;
        const double at = events[index].at("at").to_number<double>();
        const double until = at + std::stod(text(*retry_after));
        const bool killed = std::ranges::any_of(
            kills, [&](double kill) { return kill > at - 0.05 && kill < at + on_its_way; });
        for (std::size_t later = index + 1; later < events.size(); ++later) {
            const double then = events[later].at("at").to_number<double>();
            // What was on its way when the answer came was sent in time.
            if (!is_login(events[later]) || then >= until || then < at + on_its_way) continue;
            ++(killed ? found.excused : found.early);
        }
    }
    return found;
}

TEST(Crash, a_hundred_kills_at_random_instants_never_overspend_a_budget) {
    const std::vector<std::string> users{"first@mycompany", "second@mycompany", "third@mycompany"};
    std::vector<std::string> options{"--throttle-logins", "2",  "--throttle-per", "9s",
                                     "--throttle-block",  "2s", "--rossum-rate",  "0"};
    std::vector<Account> accounts;
    for (const std::string& user : users) {
        options.insert(options.end(), {"--user", user + ":sandbox-password"});
        accounts.push_back(Account{.name = user.substr(0, user.find('@')),
                                   .inputs = "token_lifetime: 5s",
                                   .more = "    throttle: { realm: crash }",
                                   .username = user});
    }
    World world(options);
    world.configure(accounts,
                    "realms: { crash: { logins: 24, per: 20s } }\n"
                    "throttle: { logins: 8, per: 20s, backoff: { initial: 1s, "
                    "factor: 2, max: 4s }, "
                    "throttled_backoff: { initial: 2s, factor: 2, max: 4s } }\n");

    std::mt19937 random(20261122);
    std::uniform_int_distribution<int> instant(0, 900);
    std::vector<double> kills;
    std::size_t served = 0;
    for (int kill = 0; kill < 100; ++kill) {
        world.daemon.launch();
        std::this_thread::sleep_for(Wait(instant(random)));
        try {
            for (const Account& account : accounts) {
                const double asked = now_seconds();
                const HttpAnswer answer = world.daemon.token(account.name, "?wait=0s");
                if (answer.status != 200) continue;
                ++served;
                EXPECT_GT(expiry_of(answer), asked) << answer.body;
            }
        } catch (const std::exception&) {
            // Killed before it listens, as it should be now and then.
        }
        kills.push_back(now_seconds());
        world.daemon.kill();
    }
    world.daemon.start();
    for (const Account& account : accounts)
        EXPECT_EQ(world.daemon.token(account.name, "?wait=30s").status, 200) << world.daemon.log();

    std::size_t logins = 0;
    std::vector<double> realm;
    for (const std::string& user : users) {
        const auto count = world.sandbox.count("rossum.login", user);
        EXPECT_LE(fullest_window(count.at), budget) << user;
        logins += count.requests;
        realm.insert(realm.end(), count.at.begin(), count.at.end());
    }
    std::ranges::sort(realm);
    EXPECT_LE(fullest_window(realm), 24U);

    const auto [throttles, early, excused] = before_their_time(world.sandbox.events(), kills);
    EXPECT_GT(throttles, 0U);
    EXPECT_EQ(early, 0U);
    EXPECT_GT(served, 0U);
    std::printf(
        "%zu logins in 100 lives, %zu answers with a token, fullest window %zu of %zu, throttled "
        "%zu, %zu early after a kill\n",
        logins, served, fullest_window(world.sandbox.count("rossum.login", users[0]).at), budget,
        world.sandbox.count("rossum.login").throttled, excused);
}

TEST(Crash, killed_while_it_writes_it_never_loses_a_token_that_it_had_sealed) {
    World world;
    world.start({Account{.name = "oz", .recipe = "oz"}}, impatient);
    const HttpAnswer first = world.daemon.token("oz");
    ASSERT_EQ(first.status, 200);
    std::mt19937 random(7);
    std::uniform_int_distribution<int> instant(0, 150);
    for (int kill = 0; kill < 20; ++kill) {
        world.daemon.kill();
        world.daemon.launch();
        std::this_thread::sleep_for(Wait(instant(random)));
    }
    world.daemon.kill();
    world.daemon.start();
    EXPECT_EQ(world.daemon.token("oz", "?wait=0s").body, first.body);
    EXPECT_EQ(world.sandbox.count("oz.login").requests, 1U);
}

}  // namespace
}  // namespace tokenbroker::integration
