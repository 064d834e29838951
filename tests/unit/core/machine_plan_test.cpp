// What an account does next, why, and what it waits for.
#include "bench.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::core {
namespace {

AccountSettings with_budget(Budget budget) {
    AccountSettings settings = Bench::settings();
    settings.budget = budget;
    return settings;
}

TEST(MachinePlan, logs_in_by_need_where_an_admin_or_a_client_wants_what_is_due_anyway) {
    Bench bench;
    bench.log_in();
    bench.pass(hours(80));
    (void)bench.machine->admin_refresh(bench.now, bench.ledger);
    (void)bench.machine->rejected(bench.machine->last_generation(), bench.now);
    EXPECT_EQ(bench.attempt()->cause, Cause::need);
    EXPECT_EQ(bench.machine->admin_progress(), AdminProgress::pending);
    bench.end(bench.token());
    EXPECT_EQ(bench.machine->admin_progress(), AdminProgress::done);
}

TEST(MachinePlan, logs_in_by_need_where_the_share_of_clients_is_spent) {
    Bench bench(with_budget({4, hours(200)}));
    bench.log_in();
    for (int n = 0; n < 2; ++n) {
        bench.pass(hours(1));
        (void)bench.machine->rejected(bench.machine->last_generation(), bench.now);
        ASSERT_EQ(bench.attempt()->cause, Cause::client);
        bench.end(bench.token());
    }
    bench.pass(hours(76));
    (void)bench.machine->rejected(bench.machine->last_generation(), bench.now);
    EXPECT_EQ(bench.attempt()->cause, Cause::need);
}

TEST(MachinePlan, never_makes_two_attempts_within_a_second) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    bench.machine->secrets_readable("secret-2", bench.now, bench.ledger);
    bench.end(Bench::failed(Verdict::refused));  // of a secret that has changed meanwhile
    EXPECT_FALSE(bench.attempt());
    EXPECT_EQ(bench.sleep(), seconds(1));
    bench.pass(seconds(1));
    ASSERT_TRUE(bench.attempt());
    bench.end(bench.token());
    (void)bench.machine->admin_refresh(bench.now, bench.ledger);
    EXPECT_EQ(bench.sleep(), seconds(1));
}

// So the next token's generation is another one even where the last one is forgotten.
TEST(MachinePlan, counts_that_second_from_the_end_of_the_last_one_over_a_restart_too) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    bench.pass(Milliseconds(900));
    bench.end(bench.token());
    bench.sealed.reset();
    bench.restart();
    EXPECT_FALSE(bench.attempt());
    EXPECT_EQ(bench.sleep(), seconds(1));
}

TEST(MachinePlan, backs_off_rather_than_waits_for_a_budget_that_is_free_sooner) {
    AccountSettings settings = with_budget({1, seconds(10)});
    Bench bench(settings);
    ASSERT_TRUE(bench.attempt());
    bench.end(Bench::failed(Verdict::unavailable));  // 15 s
    EXPECT_EQ(bench.state(), LoginState::backing_off);
    EXPECT_EQ(bench.view().waiting_for, WaitingFor::nothing);
    EXPECT_EQ(bench.sleep(), seconds(15));
}

TEST(MachinePlan, stands_in_the_realm_s_queue_only_where_it_could_go_but_for_the_realm) {
    Bench bench(Bench::roomy(), {1, minutes(1)});
    bench.ledger.set_account("b", "r", {100, hours(1)});
    const auto others_turn = [&bench] {
        return bench.ledger.permission("b", Cause::need, {}, bench.now.boot).at - bench.now.boot;
    };
    ASSERT_TRUE(bench.attempt());
    bench.end(Bench::failed(Verdict::unavailable));  // backs off for 15 s
    EXPECT_EQ(bench.sleep(), minutes(1) + Milliseconds(1));
    const Milliseconds alone = minutes(1) + Milliseconds(1);
    EXPECT_EQ(others_turn(), alone) << "it backs off: nobody is ahead";
    bench.pass(seconds(20));
    EXPECT_EQ(bench.state(), LoginState::throttled);
    EXPECT_EQ(bench.view().waiting_for, WaitingFor::realm_budget);
    (void)bench.next();
    EXPECT_GT(others_turn(), alone - seconds(20)) << "it waits for the realm alone, and is ahead";
    bench.machine->removed(bench.now, bench.ledger);
    EXPECT_EQ(others_turn(), alone - seconds(20));
}

TEST(MachinePlan, goes_ahead_in_the_queue_where_calls_wait) {
    Bench bench(Bench::roomy(), {1, minutes(1)});
    bench.ledger.set_account("b", "r", {100, hours(1)});
    ASSERT_TRUE(bench.attempt());
    bench.end(bench.token(minutes(1)));
    bench.pass(seconds(50));  // due, and queued with its token
    ASSERT_FALSE(bench.attempt());
    const Priority needs{false, false, {}};
    bench.ledger.enqueue("b", needs);
    EXPECT_EQ(bench.ledger.permission("b", Cause::need, needs, bench.now.boot).at,
              bench.now.boot + seconds(10) + Milliseconds(1));
    bench.machine->call_waits();
    ASSERT_FALSE(bench.attempt());
    EXPECT_GT(bench.ledger.permission("b", Cause::need, needs, bench.now.boot).at,
              bench.now.boot + seconds(10) + Milliseconds(1));
}

TEST(MachinePlan, a_refresh_without_login_waits_for_no_budget) {
    AccountSettings settings = Bench::refreshing();
    settings.budget = {1, hours(1000)};
    Bench bench(settings, {1, hours(1000)});
    bench.log_in_with_refresh();
    const auto refresh = bench.wait_for_attempt();
    ASSERT_TRUE(refresh);
    EXPECT_EQ(refresh->kind, AttemptKind::refresh);
}

TEST(MachinePlan, a_recipe_without_a_probe_is_not_probed_whatever_is_configured) {
    AccountSettings settings = Bench::settings();
    settings.probe_every = minutes(15);
    Bench bench(settings);
    bench.log_in();
    EXPECT_EQ(bench.sleep(), hours(75));
}

TEST(MachinePlan, a_token_issued_more_than_a_moment_in_the_future_is_replaced) {
    Bench bench;
    bench.log_in();
    bench.now.boot = BootTime(seconds(30));
    bench.now.wall -= seconds(63);
    bench.restart("boot-2");
    EXPECT_FALSE(bench.serves());
    EXPECT_TRUE(bench.wait_for_attempt(seconds(1)))
        << "a second after the one before, which is now";
}

TEST(MachinePlan, is_told_while_all_is_well) {
    Bench bench;
    bench.log_in();
    EXPECT_EQ(bench.view().next_attempt, bench.now.boot + hours(75));
    bench.pass(hours(75));
    EXPECT_EQ(bench.view().next_attempt, bench.now.boot);
}

TEST(MachinePlan, is_not_told_of_an_account_on_demand_that_nobody_asks_for) {
    AccountSettings settings = Bench::settings();
    settings.on_demand = true;
    Bench bench(settings);
    (void)bench.machine->ask(seconds(0), bench.now);
    bench.machine->call_waits();
    bench.log_in();
    bench.machine->call_left();
    EXPECT_TRUE(bench.view().next_attempt) << "it was asked for a moment ago";
    bench.pass(hours(200));
    EXPECT_FALSE(bench.view().next_attempt);
}

TEST(MachinePlan, a_token_that_does_not_expire_is_never_renewed) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    Outcome outcome = bench.token();
    outcome.token->lifetime.reset();
    bench.end(outcome);
    EXPECT_TRUE(bench.serves());
    EXPECT_FALSE(bench.view().refresh_at);
    EXPECT_FALSE(bench.wait_for_attempt(hours(24 * 3650)));
}

// -- hope: whether a call that waits may be answered in time

TEST(MachineHope, is_there_for_a_probe_that_a_rejection_asked_for) {
    Bench bench(Bench::probing());
    bench.log_in();
    bench.pass(hours(1));
    (void)bench.machine->rejected(bench.machine->last_generation(), bench.now);
    EXPECT_TRUE(bench.machine->hope_until(bench.now.boot, bench.now, bench.ledger));
}

TEST(MachineHope, is_there_for_the_second_look_at_a_fresh_token) {
    Bench bench(Bench::probing());
    bench.log_in();
    bench.pass(seconds(30));
    (void)bench.machine->rejected(bench.machine->last_generation(), bench.now);
    ASSERT_TRUE(bench.attempt());
    bench.end(Bench::failed(Verdict::refused));
    const BootTime now = bench.now.boot;
    EXPECT_FALSE(bench.machine->hope_until(now + seconds(4), bench.now, bench.ledger));
    EXPECT_TRUE(bench.machine->hope_until(now + seconds(5), bench.now, bench.ledger));
}

TEST(MachineHope, is_not_there_for_a_probe_that_comes_by_itself) {
    AccountSettings settings = Bench::probing();
    settings.probe_every = minutes(1);
    Bench bench(settings);
    bench.log_in();
    EXPECT_FALSE(bench.machine->hope_until(bench.now.boot + minutes(2), bench.now, bench.ledger));
}

TEST(MachineHope, is_there_for_a_later_step_that_is_tried_again) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    EXPECT_TRUE(bench.machine->hope_until(bench.now.boot, bench.now, bench.ledger))
        << "it runs already";
    Outcome outcome = Bench::failed(Verdict::unavailable);
    outcome.held = true;
    bench.end(outcome);
    const BootTime now = bench.now.boot;
    EXPECT_FALSE(bench.machine->hope_until(now + seconds(14), bench.now, bench.ledger));
    EXPECT_TRUE(bench.machine->hope_until(now + seconds(15), bench.now, bench.ledger));
    EXPECT_EQ(bench.machine->retry_after(bench.now, bench.ledger), seconds(15));
}

TEST(MachineHope, is_there_for_a_revocation) {
    AccountSettings settings = Bench::settings();
    settings.has_revoke = true;
    Bench bench(settings);
    bench.log_in();
    (void)bench.machine->admin_revoke(bench.now, bench.ledger);
    EXPECT_TRUE(bench.machine->hope_until(bench.now.boot, bench.now, bench.ledger));
}

TEST(MachineHope, says_at_least_a_second) {
    Bench bench;
    EXPECT_EQ(bench.machine->retry_after(bench.now, bench.ledger), seconds(1));
    ASSERT_TRUE(bench.attempt());
    EXPECT_EQ(bench.machine->retry_after(bench.now, bench.ledger), seconds(1));
}

}  // namespace
}  // namespace tokenbroker::core
