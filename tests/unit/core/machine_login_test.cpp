// How an account logs in, fails, waits and gives up.
#include "bench.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::core {
namespace {

TEST(MachineLogin, logs_in_at_once_and_again_when_the_refresh_is_due) {
    Bench bench;
    const auto first = bench.attempt();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->kind, AttemptKind::acquire);
    EXPECT_EQ(first->cause, Cause::need);
    EXPECT_TRUE(first->spends_login());
    EXPECT_EQ(bench.state(), LoginState::in_progress);
    bench.end(bench.token());
    EXPECT_EQ(bench.publication, Publication::fresh);
    EXPECT_EQ(bench.state(), LoginState::idle);
    EXPECT_EQ(bench.sleep(), hours(75));
    EXPECT_EQ(*bench.view().refresh_at, bench.now.wall + hours(75));
    bench.pass(hours(75));
    EXPECT_TRUE(bench.attempt());
    EXPECT_TRUE(bench.serves());
}

TEST(MachineLogin, one_login_is_in_flight_whatever_is_asked_meanwhile) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    for (int n = 0; n < 200; ++n) {
        EXPECT_EQ(bench.machine->ask(seconds(0), bench.now).kind, Reception::Kind::wait);
        bench.machine->call_waits();
        EXPECT_FALSE(bench.attempt());
    }
    bench.end(bench.token());
    EXPECT_FALSE(bench.attempt());
    EXPECT_EQ(bench.machine->ask(seconds(0), bench.now).kind, Reception::Kind::serve);
}

TEST(MachineLogin, a_restart_with_a_sealed_token_costs_no_login) {
    Bench bench;
    bench.log_in();
    const auto generation = bench.sealed->generation;
    for (const char* boot : {"boot-1", "boot-2"}) {
        bench.pass(hours(1));
        bench.restart(boot);
        EXPECT_EQ(bench.publication, Publication::resumed);
        EXPECT_TRUE(bench.serves());
        EXPECT_FALSE(bench.attempt());
        EXPECT_EQ(bench.machine->token()->times().generation, generation);
    }
    EXPECT_EQ(bench.sleep(), hours(73));
}

TEST(MachineLogin, refused_credentials_suspend_after_one_attempt_and_no_time_lifts_that) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    bench.end(Bench::failed(Verdict::refused));
    EXPECT_EQ(bench.state(), LoginState::suspended);
    EXPECT_EQ(bench.view().last_error->kind, Verdict::refused);
    EXPECT_TRUE(bench.noticed("account_suspended"));
    EXPECT_FALSE(bench.wait_for_attempt(hours(24 * 365)));
    EXPECT_EQ(bench.sleep(), forever);
    EXPECT_EQ(bench.machine->admin_refresh(bench.now, bench.ledger).kind,
              Admission::Kind::suspended);
}

TEST(MachineLogin, a_suspension_outlives_restarts_while_the_secret_is_the_same) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    bench.end(Bench::failed(Verdict::refused));
    for (const char* boot : {"boot-1", "boot-2"}) {
        bench.restart(boot);
        EXPECT_EQ(bench.state(), LoginState::suspended);
        EXPECT_FALSE(bench.wait_for_attempt());
        EXPECT_EQ(bench.view().last_error->message, "said so");
    }
    bench.machine->secrets_readable("secret-1", bench.now, bench.ledger);
    EXPECT_FALSE(bench.attempt());
    bench.machine->secrets_readable("secret-2", bench.now, bench.ledger);
    EXPECT_TRUE(bench.wait_for_attempt(seconds(1)));
    bench.restart();
    EXPECT_NE(bench.state(), LoginState::suspended);
}

TEST(MachineLogin, a_suspended_account_serves_its_old_token_until_it_expires) {
    Bench bench;
    bench.log_in();
    ASSERT_TRUE(bench.wait_for_attempt());
    bench.end(Bench::failed(Verdict::refused));
    EXPECT_EQ(bench.state(), LoginState::suspended);
    EXPECT_TRUE(bench.serves());
    EXPECT_FALSE(bench.wait_for_attempt());
    EXPECT_EQ(bench.publication, Publication::expired);
    EXPECT_EQ(bench.view().token, TokenState::expired);
}

TEST(MachineLogin, a_secret_that_changed_during_the_refused_login_is_tried) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    bench.machine->secrets_readable("secret-2", bench.now, bench.ledger);
    bench.end(Bench::failed(Verdict::refused));
    EXPECT_NE(bench.state(), LoginState::suspended);
    EXPECT_TRUE(bench.wait_for_attempt(seconds(1)));
}

TEST(MachineLogin, an_unreadable_secret_stops_the_account_until_it_appears) {
    Bench bench;
    bench.machine->secrets_unreadable("the file is not there", bench.now);
    EXPECT_FALSE(bench.wait_for_attempt());
    EXPECT_EQ(bench.state(), LoginState::suspended);
    EXPECT_EQ(bench.view().last_error->kind, Verdict::misconfigured);
    bench.machine->secrets_readable("secret-1", bench.now, bench.ledger);
    EXPECT_TRUE(bench.attempt());
}

TEST(MachineLogin, a_misconfigured_login_that_was_not_sent_costs_nothing) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    Outcome outcome = Bench::failed(Verdict::misconfigured);
    outcome.sent = outcome.login_sent = false;
    bench.end(outcome);
    EXPECT_EQ(bench.state(), LoginState::suspended);
    EXPECT_EQ(bench.view().budget_left, 5U);
}

TEST(MachineLogin, nothing_is_sent_before_the_retry_after_and_a_restart_changes_nothing) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    bench.end(Bench::failed(Verdict::throttled, minutes(30)));
    EXPECT_EQ(bench.state(), LoginState::throttled);
    EXPECT_EQ(bench.view().waiting_for, WaitingFor::upstream);
    EXPECT_EQ(*bench.view().retry_at, bench.now.wall + minutes(30));
    bench.pass(minutes(10));
    for (const char* boot : {"boot-1", "boot-2"}) {
        bench.restart(boot);
        EXPECT_EQ(bench.sleep(), minutes(20)) << boot;
    }
    EXPECT_EQ(bench.machine->admin_refresh(bench.now, bench.ledger).retry_after, minutes(20));
    EXPECT_TRUE(bench.wait_for_attempt(minutes(20)));
}

TEST(MachineLogin, an_admin_can_forget_the_not_before_time) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    bench.end(Bench::failed(Verdict::throttled, hours(24 * 30)));
    EXPECT_TRUE(bench.noticed("retry_after_capped"));
    EXPECT_EQ(bench.sleep(), hours(24));
    bench.pass(seconds(5));
    EXPECT_EQ(bench.machine->admin_resume(true, bench.now, bench.ledger).kind,
              Admission::Kind::scheduled);
    EXPECT_TRUE(bench.attempt());
    EXPECT_TRUE((bench.take(), bench.noticed("throttle_cleared")));
}

TEST(MachineLogin, without_retry_after_a_throttle_climbs_its_ladder_never_below_the_step) {
    Bench bench(Bench::roomy());
    const Milliseconds steps[] = {minutes(5),   minutes(15), minutes(45),
                                  minutes(135), hours(6),    hours(6)};
    for (const Milliseconds step : steps) {
        ASSERT_TRUE(bench.wait_for_attempt());
        bench.end(Bench::failed(Verdict::throttled), 0.5);
        EXPECT_EQ(bench.sleep(), step + step / 8);
    }
}

TEST(MachineLogin, an_answer_that_fits_nothing_climbs_the_throttle_ladder_and_a_restart_keeps_it) {
    Bench bench(Bench::roomy());
    ASSERT_TRUE(bench.attempt());
    bench.end(Bench::failed(Verdict::unexpected));
    EXPECT_EQ(bench.state(), LoginState::backing_off);
    EXPECT_EQ(bench.sleep(), minutes(5));
    bench.restart();
    EXPECT_EQ(bench.sleep(), minutes(5));
    ASSERT_TRUE(bench.wait_for_attempt());
    bench.end(Bench::failed(Verdict::unexpected));
    EXPECT_EQ(bench.sleep(), minutes(15));
    EXPECT_EQ(bench.view().consecutive_failures, 2U);
}

TEST(MachineLogin, a_token_that_is_expired_when_it_is_issued_is_an_unexpected_answer) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    Outcome outcome = bench.token();
    outcome.token->lifetime.reset();
    outcome.token->expires_at = bench.now.wall - hours(1);
    bench.end(outcome);
    EXPECT_EQ(bench.view().last_error->kind, Verdict::unexpected);
    EXPECT_EQ(bench.sleep(), minutes(5));
    bench.pass(seconds(2));
    bench.step_wall(-hours(2));  // the clock was to blame
    EXPECT_TRUE(bench.attempt());
}

TEST(MachineLogin, faults_before_the_send_cost_nothing_and_are_retried_from_1_s_to_30_s) {
    Bench bench;
    const Milliseconds waits[] = {seconds(1),  seconds(2),  seconds(4), seconds(8),
                                  seconds(16), seconds(30), seconds(30)};
    for (const Milliseconds wait : waits) {
        ASSERT_TRUE(bench.wait_for_attempt());
        bench.end(Bench::unsent());
        EXPECT_EQ(bench.sleep(), wait);
        EXPECT_EQ(bench.view().budget_left, 5U);
    }
    EXPECT_EQ(bench.state(), LoginState::backing_off);
}

TEST(MachineLogin, faults_after_the_send_spend_budget_and_climb_the_ladder) {
    Bench bench;
    for (const Milliseconds wait :
         {Milliseconds(seconds(15)), Milliseconds(minutes(1)), Milliseconds(minutes(4))}) {
        ASSERT_TRUE(bench.wait_for_attempt());
        bench.end(Bench::failed(Verdict::unavailable));
        EXPECT_EQ(bench.sleep(), wait);
    }
    EXPECT_EQ(bench.view().budget_left, 2U);
}

TEST(MachineLogin, a_fault_while_the_token_lives_waits_an_eighth_of_what_is_left) {
    Bench bench;
    bench.log_in();
    ASSERT_TRUE(bench.wait_for_attempt());
    bench.end(Bench::failed(Verdict::unavailable));
    EXPECT_TRUE(bench.serves());
    EXPECT_EQ(bench.sleep(), Milliseconds(hours(25)) / 8);
}

TEST(MachineLogin, waits_for_its_budget_and_says_so) {
    AccountSettings settings = Bench::settings();
    settings.budget = {1, hours(1)};
    Bench bench(settings);
    ASSERT_TRUE(bench.attempt());
    bench.end(Bench::failed(Verdict::unavailable));
    EXPECT_EQ(bench.state(), LoginState::throttled);
    EXPECT_EQ(bench.view().waiting_for, WaitingFor::account_budget);
    EXPECT_FALSE(bench.wait_for_attempt(hours(1)));
    EXPECT_TRUE(bench.wait_for_attempt(hours(1) + Milliseconds(1)));
}

TEST(MachineLogin, a_ledger_that_cannot_be_written_means_no_login_and_a_clear_error) {
    Bench bench;
    bench.log_in();
    ASSERT_TRUE(bench.wait_for_attempt());
    bench.machine->ledger_failed("No space left on device", bench.now, bench.ledger);
    bench.take();
    EXPECT_TRUE(bench.noticed("ledger_failed"));
    EXPECT_TRUE(bench.serves());
    EXPECT_EQ(bench.view().budget_left, 5U);
    EXPECT_EQ(bench.view().last_error->message,
              "the login ledger can't be written: No space left on device");
    EXPECT_EQ(bench.sleep(), seconds(1));
}

TEST(MachineLogin, a_login_withheld_for_a_throttle_that_came_in_between_is_given_back) {
    Bench bench;
    const auto attempt = bench.attempt();
    bench.ledger.apply(ThrottleRecord{bench.ledger.stamp(bench.now), "r", minutes(1), 1});
    EXPECT_FALSE(bench.machine->may_still_send(bench.now, bench.ledger));
    bench.end(AccountMachine::withheld());
    EXPECT_EQ(bench.view().budget_left, 5U);
    EXPECT_EQ(bench.view().consecutive_failures, 0U);
    EXPECT_EQ(bench.sleep(), minutes(1));
}

TEST(MachineLogin, the_same_token_and_expiry_again_is_no_progress_and_no_loop) {
    Bench bench(Bench::roomy());
    bench.log_in();
    const auto generation = bench.machine->last_generation();
    ASSERT_TRUE(bench.wait_for_attempt());
    Outcome same = bench.token();
    same.token->lifetime = hours(25);
    same.token->same_token = true;
    bench.end(same);
    EXPECT_EQ(bench.machine->last_generation(), generation);
    EXPECT_TRUE(bench.noticed("token_unchanged"));
    EXPECT_EQ(bench.sleep(), Milliseconds(hours(25)) / 8);
}

TEST(MachineLogin, the_same_token_with_a_later_expiry_is_a_new_generation_of_it) {
    Bench bench;
    bench.log_in();
    const auto generation = bench.machine->last_generation();
    ASSERT_TRUE(bench.wait_for_attempt());
    Outcome same = bench.token();
    same.token->same_token = true;
    bench.end(same);
    EXPECT_GT(bench.machine->last_generation(), generation);
    EXPECT_EQ(bench.machine->token()->times().first_generation, generation);
}

TEST(MachineLogin, a_login_lost_in_a_crash_is_tried_again_at_once_but_a_crash_loop_climbs) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    bench.pass(seconds(2));
    bench.restart();
    ASSERT_TRUE(bench.attempt());
    bench.pass(seconds(2));
    bench.restart();
    EXPECT_EQ(bench.sleep(), seconds(13));
}

TEST(MachineLogin, a_failed_later_step_is_retried_with_the_held_login_and_costs_no_other) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    Outcome outcome = Bench::failed(Verdict::unavailable);
    outcome.held = true;
    outcome.step = "exchange";
    bench.end(outcome);
    EXPECT_EQ(bench.sleep(), seconds(15));
    EXPECT_EQ(bench.state(), LoginState::backing_off);
    outcome.verdict = Verdict::throttled;
    outcome.retry_after = minutes(20);
    ASSERT_TRUE(bench.wait_for_attempt());
    bench.end(outcome);
    EXPECT_EQ(bench.state(), LoginState::throttled);
    EXPECT_EQ(bench.sleep(), minutes(20));
    const auto again = bench.wait_for_attempt();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->kind, AttemptKind::continue_steps);
    EXPECT_FALSE(again->spends_login());
    bench.end(bench.token());
    EXPECT_TRUE(bench.serves());
    EXPECT_EQ(bench.view().budget_left, 4U);
    EXPECT_EQ(bench.view().token_note, "");
}

TEST(MachineLogin, an_optional_step_is_given_up_after_three_answers_and_status_says_so) {
    Bench bench;
    Outcome outcome = Bench::failed(Verdict::unexpected);
    outcome.held = outcome.optional_step = true;
    outcome.step = "exchange";
    for (int n = 0; n < 3; ++n) {
        const auto attempt = bench.wait_for_attempt();
        ASSERT_TRUE(attempt);
        EXPECT_EQ(attempt->kind, n == 0 ? AttemptKind::acquire : AttemptKind::continue_steps);
        EXPECT_FALSE(attempt->skip_failed_step);
        bench.end(outcome);
        Outcome fault = outcome;
        fault.verdict = Verdict::unavailable;  // such do not count
        if (n < 2) {
            ASSERT_TRUE(bench.wait_for_attempt());
            bench.end(fault);
        }
    }
    const auto last = bench.attempt();
    ASSERT_TRUE(last);
    EXPECT_TRUE(last->skip_failed_step);
    bench.end(bench.token());
    EXPECT_EQ(bench.view().token_note,
              "the step exchange failed for good; what was taken before it is served");
    EXPECT_EQ(bench.view().budget_left, 4U);
}

TEST(MachineLogin, a_held_login_that_no_longer_works_leads_to_a_login_under_the_budget) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    Outcome outcome = Bench::failed(Verdict::unavailable);
    outcome.held = true;
    outcome.step = "service-token";
    bench.end(outcome);
    ASSERT_TRUE(bench.wait_for_attempt());
    outcome.verdict = Verdict::expired;
    bench.end(outcome);
    const auto again = bench.wait_for_attempt();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->kind, AttemptKind::acquire);
    EXPECT_EQ(bench.view().budget_left, 3U);
}

TEST(MachineLogin, a_refresh_spends_no_login_and_a_refused_one_falls_back_to_a_login) {
    Bench bench(Bench::refreshing());
    bench.log_in_with_refresh();
    const auto refresh = bench.wait_for_attempt();
    ASSERT_TRUE(refresh);
    EXPECT_EQ(refresh->kind, AttemptKind::refresh);
    EXPECT_FALSE(refresh->spends_login());
    bench.end(Bench::failed(Verdict::refused));
    EXPECT_NE(bench.state(), LoginState::suspended);
    const auto login = bench.wait_for_attempt(seconds(1));
    ASSERT_TRUE(login);
    EXPECT_EQ(login->kind, AttemptKind::acquire);
    EXPECT_EQ(login->cause, Cause::need);
}

TEST(MachineLogin, a_refresh_that_keeps_failing_strangely_is_given_up_for_a_login) {
    Bench bench(Bench::refreshing());
    bench.log_in_with_refresh();
    for (int n = 0; n < 3; ++n) {
        EXPECT_EQ(bench.wait_for_attempt()->kind, AttemptKind::refresh);
        bench.end(Bench::failed(Verdict::unexpected));
        EXPECT_EQ(bench.view().last_error->kind, Verdict::unexpected);
    }
    EXPECT_EQ(bench.wait_for_attempt()->kind, AttemptKind::acquire);
}

TEST(MachineLogin, accounts_on_demand_log_in_when_asked_and_refresh_only_what_is_used) {
    AccountSettings settings = Bench::settings();
    settings.on_demand = true;
    Bench bench(settings);
    EXPECT_EQ(bench.sleep(), forever);
    EXPECT_EQ(bench.machine->ask(seconds(0), bench.now).kind, Reception::Kind::wait);
    bench.machine->call_waits();
    EXPECT_TRUE(bench.attempt());
    bench.end(bench.token());
    bench.machine->call_left();
    ASSERT_TRUE(bench.wait_for_attempt());  // asked within a lifetime
    bench.end(bench.token());
    EXPECT_FALSE(bench.machine->asked(bench.now));
    bench.pass(hours(1));
    ASSERT_TRUE(bench.wait_for_attempt());
    bench.end(bench.token());
    EXPECT_FALSE(bench.wait_for_attempt());  // nobody asked for a whole lifetime
    EXPECT_EQ(bench.publication, Publication::expired);
}

TEST(MachineLogin, an_account_on_demand_that_is_due_is_refreshed_by_the_next_call) {
    AccountSettings settings = Bench::settings();
    settings.on_demand = true;
    Bench bench(settings);
    bench.machine->call_waits();
    bench.log_in();
    bench.machine->call_left();
    bench.pass(hours(80));
    bench.restart();
    EXPECT_FALSE(bench.attempt());
    EXPECT_TRUE(bench.machine->asked(bench.now));
    EXPECT_TRUE(bench.attempt());
}

}  // namespace
}  // namespace tokenbroker::core
