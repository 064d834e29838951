#include "broker_fixture.hpp"

#include <fstream>

namespace tokenbroker::broker {
namespace {

using namespace std::chrono_literals;

class ReloadTest : public BrokerTest {
protected:
    void apply(Settings wanted) {
        calls.spawn("apply", process->broker.apply(std::move(wanted)));
        settle();
        EXPECT_TRUE(calls.empty());
    }
};

TEST_F(ReloadTest, an_unchanged_account_keeps_its_token) {
    start();
    const auto before = face();
    apply(settings());
    EXPECT_EQ(token(), "token-1");
    EXPECT_EQ(face(), before);
    EXPECT_EQ(logins(), 1U);
}

TEST_F(ReloadTest, another_user_makes_it_another_account_whose_token_is_dropped_at_once) {
    start();
    const auto before = face();
    Settings other = settings();
    other.accounts.begin()->second.binding.identity["username"] = "somebody_else";
    transport.hold();
    apply(std::move(other));
    EXPECT_TRUE(before->removed());
    EXPECT_EQ(before->current(), nullptr);
    EXPECT_EQ(token(), "");
    transport.release();
    pass(1s);  // no two attempts are closer
    EXPECT_EQ(token(), "token-2");
}

TEST_F(ReloadTest, generations_go_on_growing_whoever_has_the_name) {
    start();
    std::uint64_t last = face()->current()->generation;
    const auto is_larger = [&] {
        pass(2s);
        ASSERT_TRUE(face()->current());
        EXPECT_GT(face()->current()->generation, last);
        last = face()->current()->generation;
    };
    clock.step_wall(-1h);  // so that it is not the Unix time that makes it grow
    Settings other = settings();
    other.accounts.begin()->second.binding.identity["username"] = "somebody_else";
    apply(std::move(other));
    is_larger();
    apply(Settings());
    apply(settings());
    is_larger();
    // The file of the one is no token of the other; but it says how far the name has come.
    stop();
    other = settings();
    other.accounts.begin()->second.binding.identity["username"] = "somebody_else";
    start(std::move(other));
    is_larger();
}

TEST_F(ReloadTest, a_removed_account_ends_its_calls_and_its_sealed_token_is_deleted) {
    transport.hold();
    start();
    const auto caller = call(face()->get(0s, 60s));
    settle();
    calls.spawn("apply", process->broker.apply(Settings()));
    settle();
    EXPECT_EQ(denial_of(*caller->reply), Denial::removed);
    EXPECT_EQ(face(), nullptr);
    transport.release();
    EXPECT_FALSE(std::ifstream(folder / "a.token").good());
}

TEST_F(ReloadTest, a_login_of_an_account_that_left_counts_as_spent_and_holds_nobody_up) {
    transport.hold();
    start();
    apply(Settings());
    core::Ledger& ledger = process->ledger.model();
    ledger.apply(core::ThrottleRecord{ledger.stamp(clock.now()), "rossum", 1s, 1});
    transport.release();
    apply(settings());
    EXPECT_EQ(face()->status().budget_left, 4U);
    pass(2s);
    EXPECT_EQ(logins(), 2U);
    EXPECT_NE(token(), "");
    EXPECT_EQ(face()->status().budget_left, 3U);
}

TEST_F(ReloadTest, a_realm_that_is_no_longer_listed_has_the_default_budget_again) {
    Settings tight = settings();
    tight.realms["rossum"] = {1, 24h};
    start(tight);
    const auto refreshed = call(face()->refresh(0s));
    settle();
    EXPECT_TRUE(std::holds_alternative<NoToken>(*refreshed->reply));
    apply(settings());
    pass(2s);
    const auto again = call(face()->refresh(5s));
    pass(2s);
    EXPECT_TRUE(std::holds_alternative<AdminOutcome>(*again->reply));
    EXPECT_EQ(logins(), 2U);
}

TEST_F(ReloadTest, adding_an_account_again_regains_no_budget) {
    start();
    const unsigned left = face()->status().budget_left;
    apply(Settings());
    apply(settings());
    pass(1s);  // no two attempts are closer
    EXPECT_EQ(face()->status().budget_left, left - 1);
    EXPECT_EQ(logins(), 2U);
}

TEST_F(ReloadTest, adding_an_account_again_after_a_restart_without_it_regains_none_either) {
    Settings tight = settings();
    tight.accounts.begin()->second.policy.budget = {1, 24h};
    Settings without;
    without.accounts.emplace(*AccountName::parse("b"), account("b"));
    start(tight);
    ASSERT_EQ(logins(), 1U);
    apply(without);
    for (int n = 0; n < 2; ++n) {
        pass(2h);
        stop();
        start(without);
    }
    tight.accounts.merge(without.accounts);
    apply(tight);
    pass(1h);
    EXPECT_EQ(token("a"), "");
    EXPECT_EQ(face("a")->status().budget_left, 0U);
    EXPECT_EQ(face("a")->status().waiting_for, "account_budget");
}

TEST_F(ReloadTest, a_longer_window_starts_with_what_was_spent) {
    lifetime = 162h;
    start();
    pass(3h);
    Settings longer = settings();
    longer.accounts.begin()->second.policy.budget = {1, 24h};
    apply(longer);
    EXPECT_EQ(face()->status().budget_left, 0U);
    stop();
    start(longer);
    EXPECT_EQ(face()->status().budget_left, 0U);
}

TEST_F(ReloadTest, a_new_account_logs_in) {
    start();
    Settings two = settings();
    two.accounts.emplace(*AccountName::parse("b"), account("b"));
    apply(std::move(two));
    EXPECT_EQ(token("b"), "token-2");
    EXPECT_EQ(token("a"), "token-1");
}

}  // namespace
}  // namespace tokenbroker::broker
