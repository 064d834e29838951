// What clients, admins, probes and clocks do to an account.
#include "bench.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::core {
namespace {

using Kind = Reception::Kind;

TEST(MachineCalls, min_ttl_beyond_what_a_new_token_lives_is_refused_without_a_login) {
    Bench bench;
    EXPECT_EQ(bench.machine->ask(hours(101), bench.now).kind, Kind::min_ttl_too_long);
    bench.log_in();
    EXPECT_EQ(bench.machine->ask(hours(101), bench.now).kind, Kind::min_ttl_too_long);
    EXPECT_FALSE(bench.attempt());
}

TEST(MachineCalls, min_ttl_sends_nothing_while_the_token_is_younger_than_a_twentieth_of_its_life) {
    Bench bench;
    bench.log_in();
    bench.pass(hours(4));
    const Reception young = bench.machine->ask(hours(99), bench.now);
    EXPECT_EQ(young.kind, Kind::too_young);
    EXPECT_EQ(young.retry_after, hours(1));
    EXPECT_FALSE(bench.attempt());
    bench.pass(hours(1));
    EXPECT_EQ(bench.machine->ask(hours(95), bench.now).kind, Kind::serve);
    EXPECT_EQ(bench.machine->ask(hours(99), bench.now).kind, Kind::wait);
    const auto login = bench.attempt();
    ASSERT_TRUE(login);
    EXPECT_EQ(login->cause, Cause::client);
}

TEST(MachineCalls, a_longer_life_is_no_longer_wanted_when_nobody_waits) {
    AccountSettings settings = Bench::settings();
    settings.budget = {1, hours(1)};
    Bench bench(settings);
    bench.log_in();
    bench.pass(minutes(30));
    bench.step_wall(Milliseconds(0));
    bench.pass(hours(5));
    ASSERT_EQ(bench.machine->ask(hours(99), bench.now).kind, Kind::wait);
    bench.machine->call_waits();
    bench.machine->call_left();
    EXPECT_FALSE(bench.attempt());
}

TEST(MachineCalls, clients_never_spend_more_than_their_share) {
    Bench bench;  // no probe
    bench.log_in();
    unsigned logins = 0;
    for (int n = 0; n < 3000; ++n) {
        bench.pass(seconds(1));
        (void)bench.machine->rejected(bench.machine->last_generation(), bench.now);
        if (const auto attempt = bench.attempt()) {
            EXPECT_EQ(attempt->cause, Cause::client);
            ++logins;
            bench.end(bench.token());
        }
    }
    EXPECT_EQ(logins, 2U);
    EXPECT_TRUE(bench.machine->client_throttled(bench.now, bench.ledger));
    EXPECT_GT(*bench.machine->retry_after(bench.now, bench.ledger), seconds(0));
    EXPECT_TRUE(bench.serves());
}

TEST(MachineCalls, calls_never_hasten_what_a_throttle_or_a_budget_delays) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    bench.end(Bench::failed(Verdict::throttled, minutes(10)));
    for (int n = 0; n < 50; ++n) {
        EXPECT_EQ(bench.machine->ask(seconds(0), bench.now).kind, Kind::wait);
        bench.machine->call_waits();
    }
    EXPECT_EQ(bench.sleep(), minutes(10));
    EXPECT_FALSE(bench.machine->hope_until(bench.now.boot + minutes(9), bench.now, bench.ledger));
    EXPECT_TRUE(bench.machine->hope_until(bench.now.boot + minutes(10), bench.now, bench.ledger));
    EXPECT_EQ(bench.machine->retry_after(bench.now, bench.ledger), minutes(10));
}

TEST(MachineCalls, a_suspended_account_gives_a_waiting_call_no_hope) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    bench.end(Bench::failed(Verdict::refused));
    bench.machine->call_waits();
    EXPECT_FALSE(bench.machine->hope_until(bench.now.boot + minutes(1), bench.now, bench.ledger));
    EXPECT_EQ(bench.machine->retry_after(bench.now, bench.ledger), std::nullopt);
}

TEST(MachineRejected, a_generation_that_was_never_issued_is_a_mistake) {
    Bench bench;
    EXPECT_EQ(bench.machine->rejected(1, bench.now).kind, Kind::unknown);
    bench.log_in();
    EXPECT_EQ(bench.machine->rejected(bench.machine->last_generation() + 1, bench.now).kind,
              Kind::unknown);
}

TEST(MachineRejected, an_older_generation_gets_the_current_token_and_nothing_else_happens) {
    Bench bench(Bench::probing());
    bench.log_in();
    const auto old = bench.machine->last_generation();
    bench.log_in();
    EXPECT_EQ(bench.machine->rejected(old, bench.now).kind, Kind::serve);
    EXPECT_FALSE(bench.attempt());
}

TEST(MachineRejected, a_generation_that_was_only_reanchored_counts_as_current) {
    Bench bench(Bench::probing());
    bench.log_in();
    bench.pass(hours(1));
    const auto old = bench.machine->last_generation();
    bench.step_wall(hours(1));
    ASSERT_GT(bench.machine->last_generation(), old);
    EXPECT_EQ(bench.machine->rejected(old, bench.now).kind, Kind::wait);
    EXPECT_EQ(bench.attempt()->kind, AttemptKind::probe);
}

TEST(MachineRejected, one_probe_answers_all_calls_of_ten_seconds) {
    Bench bench(Bench::probing());
    bench.log_in();
    bench.pass(hours(1));
    const auto generation = bench.machine->last_generation();
    for (int n = 0; n < 50; ++n)
        EXPECT_EQ(bench.machine->rejected(generation, bench.now).kind, Kind::wait);
    const BootTime asked = bench.now.boot;
    ASSERT_EQ(bench.attempt()->kind, AttemptKind::probe);
    EXPECT_FALSE(bench.machine->rejection_settled(generation, asked, bench.now));
    bench.pass(seconds(1));
    bench.end(Bench::failed(Verdict::ok));
    EXPECT_TRUE(bench.machine->rejection_settled(generation, asked, bench.now));
    bench.pass(seconds(10));
    EXPECT_EQ(bench.machine->rejected(generation, bench.now).kind, Kind::serve);
    EXPECT_FALSE(bench.attempt());
    bench.pass(seconds(1));
    EXPECT_EQ(bench.machine->rejected(generation, bench.now).kind, Kind::wait);
    EXPECT_TRUE(bench.attempt());
}

TEST(MachineRejected, an_inconclusive_probe_leaves_the_token_in_service) {
    Bench bench(Bench::probing());
    bench.log_in();
    bench.pass(hours(1));
    const auto generation = bench.machine->last_generation();
    for (const Verdict verdict : {Verdict::unavailable, Verdict::throttled, Verdict::unexpected}) {
        bench.pass(seconds(11));
        ASSERT_EQ(bench.machine->rejected(generation, bench.now).kind, Kind::wait);
        const BootTime asked = bench.now.boot;
        ASSERT_TRUE(bench.attempt());
        bench.end(Bench::failed(verdict));
        EXPECT_TRUE(bench.serves());
        EXPECT_TRUE(bench.machine->rejection_settled(generation, asked, bench.now));
    }
}

TEST(MachineRejected, a_refused_probe_drops_the_token_and_a_login_of_need_follows) {
    Bench bench(Bench::probing());
    bench.log_in();
    bench.pass(hours(1));
    const auto generation = bench.machine->last_generation();
    ASSERT_EQ(bench.machine->rejected(generation, bench.now).kind, Kind::wait);
    const BootTime asked = bench.now.boot;
    ASSERT_TRUE(bench.attempt());
    bench.end(Bench::failed(Verdict::expired));
    EXPECT_EQ(bench.publication, Publication::dropped);
    EXPECT_FALSE(bench.serves());
    EXPECT_EQ(bench.machine->rejected(generation, bench.now).kind, Kind::wait);
    const auto login = bench.attempt();
    ASSERT_TRUE(login);
    EXPECT_EQ(login->cause, Cause::need);
    bench.end(bench.token());
    EXPECT_TRUE(bench.machine->rejection_settled(generation, asked, bench.now));
}

TEST(MachineRejected, without_a_probe_the_token_stays_in_service_and_a_login_of_client_follows) {
    Bench bench;
    bench.log_in();
    bench.pass(hours(1));
    const auto generation = bench.machine->last_generation();
    EXPECT_EQ(bench.machine->rejected(generation, bench.now).kind, Kind::wait);
    EXPECT_TRUE(bench.serves());
    EXPECT_EQ(bench.attempt()->cause, Cause::client);
    bench.end(bench.token());
    EXPECT_TRUE(bench.machine->rejection_settled(generation, bench.now.boot, bench.now));
}

TEST(MachineDeath, a_fresh_token_that_is_refused_is_probed_again_after_five_seconds) {
    Bench bench(Bench::probing());
    bench.log_in();
    bench.pass(seconds(30));
    (void)bench.machine->rejected(bench.machine->last_generation(), bench.now);
    ASSERT_TRUE(bench.attempt());
    bench.end(Bench::failed(Verdict::refused));
    EXPECT_TRUE(bench.serves());
    EXPECT_EQ(bench.sleep(), seconds(5));
    bench.pass(seconds(5));
    ASSERT_EQ(bench.attempt()->kind, AttemptKind::probe);
    bench.end(Bench::failed(Verdict::ok));
    EXPECT_TRUE(bench.serves());
}

TEST(MachineDeath, two_fresh_tokens_refused_in_a_row_suspend_the_account) {
    Bench bench(Bench::probing());
    for (int n = 0; n < 2; ++n) {
        bench.log_in();
        bench.pass(seconds(30));
        (void)bench.machine->rejected(bench.machine->last_generation(), bench.now);
        for (int probe = 0; probe < 2; ++probe) {
            ASSERT_EQ(bench.wait_for_attempt(seconds(5))->kind, AttemptKind::probe);
            bench.end(Bench::failed(Verdict::refused));
        }
        EXPECT_FALSE(bench.serves());
    }
    EXPECT_EQ(bench.state(), LoginState::suspended);
    EXPECT_EQ(bench.view().last_error->message,
              "the upstream refuses tokens that it has just issued");
    EXPECT_FALSE(bench.wait_for_attempt());
}

TEST(MachineDeath, two_tokens_in_a_row_that_died_early_are_a_warning) {
    Bench bench(Bench::probing());
    const auto die_after = [&bench](Milliseconds age) {
        bench.log_in();
        bench.pass(age);
        (void)bench.machine->rejected(bench.machine->last_generation(), bench.now);
        ASSERT_TRUE(bench.attempt());
        bench.end(Bench::failed(Verdict::refused));
    };
    die_after(hours(10));
    EXPECT_FALSE(bench.noticed("token_died_early"));
    die_after(hours(60));  // past half of its life
    die_after(hours(10));
    EXPECT_FALSE(bench.noticed("token_died_early"));
    die_after(hours(10));
    EXPECT_TRUE(bench.noticed("token_died_early"));
    EXPECT_NE(bench.state(), LoginState::suspended);
}

TEST(MachineProbe, asks_by_itself_as_often_as_configured) {
    AccountSettings settings = Bench::probing();
    settings.probe_every = minutes(15);
    Bench bench(settings);
    bench.log_in();
    for (int n = 0; n < 3; ++n) {
        EXPECT_EQ(bench.sleep(), minutes(15));
        EXPECT_EQ(bench.wait_for_attempt(minutes(15))->kind, AttemptKind::probe);
        bench.end(Bench::failed(Verdict::ok));
    }
}

TEST(MachineAdmin, a_refresh_logs_in_by_cause_admin_and_ends_in_done_or_failed) {
    Bench bench;
    bench.log_in();
    bench.pass(hours(1));
    EXPECT_EQ(bench.machine->admin_refresh(bench.now, bench.ledger).kind,
              Admission::Kind::scheduled);
    EXPECT_EQ(bench.attempt()->cause, Cause::admin);
    EXPECT_EQ(bench.machine->admin_progress(), AdminProgress::pending);
    bench.end(bench.token());
    EXPECT_EQ(bench.machine->admin_progress(), AdminProgress::done);
    bench.pass(seconds(2));
    (void)bench.machine->admin_refresh(bench.now, bench.ledger);
    ASSERT_TRUE(bench.attempt());
    bench.end(Bench::failed(Verdict::unavailable));
    EXPECT_EQ(bench.machine->admin_progress(), AdminProgress::failed);
    EXPECT_FALSE(bench.wait_for_attempt(hours(1)));  // one attempt, no loop
    EXPECT_EQ(bench.view().budget_left, 3U);
}

TEST(MachineAdmin, the_share_of_admins_is_bounded) {
    Bench bench;
    bench.log_in();
    for (int n = 0; n < 2; ++n) {
        bench.pass(minutes(1));
        EXPECT_EQ(bench.machine->admin_refresh(bench.now, bench.ledger).kind,
                  Admission::Kind::scheduled);
        ASSERT_TRUE(bench.attempt());
        bench.end(bench.token());
    }
    bench.pass(minutes(1));
    const Admission third = bench.machine->admin_refresh(bench.now, bench.ledger);
    EXPECT_EQ(third.kind, Admission::Kind::throttled);
    EXPECT_EQ(third.retry_after, minutes(58) + Milliseconds(1));
    EXPECT_FALSE(bench.attempt());
}

TEST(MachineAdmin, a_refresh_goes_ahead_of_a_fault_s_wait) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    bench.end(Bench::failed(Verdict::unavailable));
    bench.pass(seconds(2));
    EXPECT_FALSE(bench.attempt());
    EXPECT_EQ(bench.machine->admin_refresh(bench.now, bench.ledger).kind,
              Admission::Kind::scheduled);
    EXPECT_EQ(bench.attempt()->cause, Cause::admin);
}

TEST(MachineAdmin, resume_lifts_a_suspension_and_logs_in_by_cause_admin_when_need_does_not) {
    Bench bench;
    bench.log_in();
    (void)bench.machine->admin_refresh(bench.now, bench.ledger);
    ASSERT_TRUE(bench.wait_for_attempt(seconds(1)));
    bench.end(Bench::failed(Verdict::refused));
    ASSERT_EQ(bench.state(), LoginState::suspended);
    bench.pass(minutes(1));
    EXPECT_EQ(bench.machine->admin_resume(false, bench.now, bench.ledger).kind,
              Admission::Kind::scheduled);
    EXPECT_EQ(bench.attempt()->cause, Cause::admin);
    bench.end(bench.token());
    EXPECT_EQ(bench.machine->admin_progress(), AdminProgress::done);
    bench.restart();
    EXPECT_EQ(bench.state(), LoginState::idle);
}

TEST(MachineAdmin, revoke_needs_steps_for_it) {
    Bench bench;
    EXPECT_EQ(bench.machine->admin_revoke(bench.now, bench.ledger).kind,
              Admission::Kind::no_revoke);
}

TEST(MachineAdmin, revoke_ends_the_token_and_logs_in_by_cause_admin) {
    AccountSettings settings = Bench::settings();
    settings.has_revoke = true;
    Bench bench(settings);
    bench.log_in();
    bench.pass(hours(1));
    EXPECT_EQ(bench.machine->admin_revoke(bench.now, bench.ledger).kind,
              Admission::Kind::scheduled);
    EXPECT_EQ(bench.attempt()->kind, AttemptKind::revoke);
    bench.end(Bench::failed(Verdict::ok));
    EXPECT_EQ(bench.publication, Publication::dropped);
    const auto login = bench.attempt();
    ASSERT_TRUE(login);
    EXPECT_EQ(login->cause, Cause::admin);
    EXPECT_EQ(bench.machine->admin_progress(), AdminProgress::pending);
    bench.end(bench.token());
    EXPECT_EQ(bench.machine->admin_progress(), AdminProgress::done);
}

TEST(MachineAdmin, revoke_does_not_leave_the_account_dark_where_the_admins_share_is_spent) {
    AccountSettings settings = Bench::settings();
    settings.has_revoke = true;
    Bench bench(settings);
    bench.log_in();
    for (int share = 0; share < 2; ++share) {
        bench.pass(minutes(1));
        (void)bench.machine->admin_refresh(bench.now, bench.ledger);
        ASSERT_TRUE(bench.wait_for_attempt(seconds(2)));
        bench.end(bench.token());
    }
    bench.pass(minutes(1));
    EXPECT_EQ(bench.machine->admin_revoke(bench.now, bench.ledger).kind,
              Admission::Kind::scheduled);
    EXPECT_EQ(bench.attempt()->kind, AttemptKind::revoke);
    bench.end(Bench::failed(Verdict::ok));
    const auto login = bench.wait_for_attempt(seconds(2));
    ASSERT_TRUE(login);
    EXPECT_EQ(login->cause, Cause::need);
    bench.end(bench.token());
    EXPECT_EQ(bench.machine->admin_progress(), AdminProgress::done);
}

TEST(MachineAdmin, a_revocation_that_fails_leaves_the_token_in_service) {
    AccountSettings settings = Bench::settings();
    settings.has_revoke = true;
    Bench bench(settings);
    bench.log_in();
    (void)bench.machine->admin_revoke(bench.now, bench.ledger);
    ASSERT_TRUE(bench.attempt());
    bench.end(Bench::failed(Verdict::unavailable));
    EXPECT_TRUE(bench.serves());
    EXPECT_EQ(bench.machine->admin_progress(), AdminProgress::failed);
    EXPECT_FALSE(bench.attempt());
}

TEST(MachineClock, a_stepped_wall_clock_serves_on_and_costs_no_login) {
    Bench bench;
    bench.log_in();
    bench.pass(hours(1));
    for (const Milliseconds step :
         {Milliseconds(minutes(9)), Milliseconds(-minutes(20)), Milliseconds(hours(24 * 900)),
          Milliseconds(-hours(24 * 1800))}) {
        const auto generation = bench.machine->last_generation();
        bench.step_wall(step);
        EXPECT_EQ(bench.publication, Publication::reanchored);
        EXPECT_GT(bench.machine->last_generation(), generation);
        EXPECT_TRUE(bench.serves());
        EXPECT_EQ(bench.sleep(), hours(74));
    }
}

TEST(MachineClock, after_a_long_sleep_the_expired_token_is_gone_at_once_and_one_login_follows) {
    Bench bench;
    bench.log_in();
    EXPECT_GT(bench.sleep(), hours(1));
    bench.pass(hours(200));
    EXPECT_FALSE(bench.serves());
    EXPECT_TRUE(bench.attempt());
    EXPECT_EQ(bench.publication, Publication::expired);
    bench.end(bench.token());
    EXPECT_FALSE(bench.attempt());
}

TEST(MachineClock, a_token_issued_a_moment_in_the_future_is_waited_for) {
    Bench bench;
    bench.log_in();
    bench.now.boot = BootTime(seconds(30));
    bench.now.wall -= seconds(20);
    bench.restart("boot-2");
    EXPECT_FALSE(bench.serves());
    EXPECT_EQ(bench.sleep(), seconds(20));
    bench.pass(seconds(20));
    EXPECT_FALSE(bench.attempt());
    EXPECT_TRUE(bench.serves());
    EXPECT_EQ(bench.publication, Publication::resumed);
}

}  // namespace
}  // namespace tokenbroker::core
