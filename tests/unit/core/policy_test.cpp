// Ladders, leads and the arithmetic of budgets.
#include "core/backoff.hpp"
#include "core/refresh_policy.hpp"
#include "core/start_plan.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace tokenbroker::core {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Backoff, climbs_from_the_initial_wait_by_its_factor_to_the_top) {
    const Backoff ladder{seconds(15), 4, hours(1)};
    EXPECT_EQ(ladder.step(1), seconds(15));
    EXPECT_EQ(ladder.step(2), minutes(1));
    EXPECT_EQ(ladder.step(3), minutes(4));
    EXPECT_EQ(ladder.step(4), minutes(16));
    EXPECT_EQ(ladder.step(5), hours(1));
    EXPECT_EQ(ladder.step(4'000'000'000U), hours(1));
}

TEST(Backoff, is_never_zero_whatever_the_configuration_says) {
    for (const double factor : {0.0, 0.5, 1.0, 1e9}) {
        for (const unsigned failures : {0U, 1U, 2U, 100U}) {
            EXPECT_GE((Backoff{Milliseconds(0), factor, Milliseconds(0)}.step(failures)),
                      seconds(1));
            EXPECT_GE(throttled_wait({Milliseconds(0), factor, Milliseconds(0)}, failures, 0),
                      seconds(1));
            EXPECT_GE(fault_wait({Milliseconds(0), factor, hours(1)}, failures, Milliseconds(0)),
                      seconds(1));
            EXPECT_GE(unsent_wait(failures), seconds(1));
        }
    }
    EXPECT_EQ(capped_retry_after(Milliseconds(0)), seconds(1));
    EXPECT_EQ(capped_retry_after(-hours(1)), seconds(1));
}

TEST(Backoff, a_throttle_waits_the_step_and_at_most_a_quarter_more) {
    EXPECT_EQ(throttled_wait(default_throttled_backoff, 1, 0), minutes(5));
    EXPECT_LT(throttled_wait(default_throttled_backoff, 1, 0.999), minutes(5) + seconds(75));
    EXPECT_EQ(throttled_wait(default_throttled_backoff, 2, 0), minutes(15));
    EXPECT_EQ(throttled_wait(default_throttled_backoff, 9, 0), hours(6));
}

TEST(Backoff, an_absurd_retry_after_is_a_day) {
    EXPECT_EQ(capped_retry_after(hours(24 * 365)), hours(24));
}

TEST(Backoff, before_the_send_it_doubles_from_one_second_to_thirty) {
    EXPECT_EQ(unsent_wait(1), seconds(1));
    EXPECT_EQ(unsent_wait(2), seconds(2));
    EXPECT_EQ(unsent_wait(5), seconds(16));
    EXPECT_EQ(unsent_wait(6), seconds(30));
    EXPECT_EQ(unsent_wait(4'000'000'000U), seconds(30));
}

TEST(Backoff, a_fault_waits_an_eighth_of_what_is_left_of_a_token) {
    EXPECT_EQ(fault_wait(Backoff(), 1, hours(8)), hours(1));
    EXPECT_EQ(fault_wait(Backoff(), 1, seconds(8)), seconds(15));
    EXPECT_EQ(fault_wait(Backoff(), 1, std::nullopt), seconds(15));
}

TEST(RefreshPolicy, the_lead_is_that_of_the_promise) {
    const RefreshPolicy policy;
    EXPECT_EQ(refresh_lead(policy, hours(100), 0, seconds(15)), hours(25));
    EXPECT_EQ(refresh_lead(policy, hours(100), 0.5, seconds(15)), hours(22) + minutes(30));
    EXPECT_GT(refresh_lead(policy, hours(100), 0.9999, seconds(15)), hours(20));
}

TEST(RefreshPolicy, the_lead_is_capped_and_jittered_below_the_cap) {
    const RefreshPolicy policy{0.8, 0.05, hours(10)};
    EXPECT_EQ(refresh_lead(policy, hours(100), 0, seconds(15)), hours(10));
    EXPECT_EQ(refresh_lead(policy, hours(100), 0.5, seconds(15)), hours(9));
}

TEST(RefreshPolicy, lifetimes_under_a_minute_leave_time_for_one_retry) {
    for (int life = 5; life < 60; ++life) {
        const Milliseconds lead = refresh_lead(RefreshPolicy(), seconds(life), 0.99, seconds(15));
        EXPECT_GE(lead, std::min<Milliseconds>(seconds(17), seconds(life) / 2)) << life;
        EXPECT_LT(lead, seconds(life)) << life;
    }
}

TEST(RefreshPolicy, no_configuration_puts_the_refresh_outside_the_life_of_the_token) {
    for (const double at : {0.01, 0.5, 1.0}) {
        for (const double jitter : {0.0, 0.3, 0.99}) {
            for (const double u : {0.0, 0.5, 0.9999}) {
                for (const Milliseconds life :
                     {Milliseconds(0), Milliseconds(1), Milliseconds(seconds(9)),
                      Milliseconds(hours(9)), forever}) {
                    const Milliseconds lead =
                        refresh_lead({at, jitter, hours(168)}, life, u, seconds(15));
                    EXPECT_GE(lead, Milliseconds(0));
                    EXPECT_LE(lead, life);
                }
            }
        }
    }
}

AccountSettings account(const std::string& name, Milliseconds lifetime) {
    AccountSettings settings;
    settings.account = name;
    settings.realm = "rossum";
    settings.lifetime = lifetime;
    return settings;
}

TEST(StartPlan, a_slow_cold_start_is_said_with_its_arithmetic) {
    std::vector<AccountSettings> accounts;
    for (int n = 0; n < 200; ++n)
        accounts.push_back(account("a" + std::to_string(n), hours(162)));
    const auto warnings = budget_warnings(accounts, {});
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_EQ(
        warnings[0],
        "realm rossum: 200 accounts behind 60 logins a minute: a cold start takes 3 min 20 s");
}

TEST(StartPlan, an_account_that_needs_more_logins_than_it_has_is_said) {
    const auto warnings = budget_warnings({account("a", minutes(10))}, {});
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_EQ(warnings[0],
              "account a: tokens of 10m need 8 logins in 1h, its budget is 5 logins an hour");
}

TEST(StartPlan, a_realm_whose_accounts_need_more_than_it_allows_is_said) {
    std::vector<AccountSettings> accounts;
    for (int n = 0; n < 10; ++n)
        accounts.push_back(account("a" + std::to_string(n), hours(1)));
    const auto warnings = budget_warnings(accounts, {{"rossum", {10, hours(1)}}});
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_EQ(
        warnings[0],
        "realm rossum: its accounts need 14 logins in 1h, the realm allows 10 logins an hour");
}

TEST(StartPlan, budgets_that_suffice_are_not_mentioned) {
    EXPECT_TRUE(budget_warnings({account("a", hours(162)), account("b", hours(1))}, {}).empty());
}

}  // namespace
}  // namespace tokenbroker::core
