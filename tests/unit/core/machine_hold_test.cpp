// A step that fails after a good login: tried again by itself, with what the login gave.
#include "bench.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::core {
namespace {

struct Holding : ::testing::Test {
    Holding() {
        (void)bench.attempt();
        outcome.held = true;
        outcome.step = "exchange";
    }
    // The login's first answer to the later step, or the next one of it.
    void fail(Verdict verdict, std::optional<Milliseconds> retry_after = std::nullopt) {
        outcome.verdict = verdict;
        outcome.retry_after = retry_after;
        bench.end(outcome);
    }
    void again() {
        const auto attempt = bench.wait_for_attempt();
        ASSERT_TRUE(attempt);
        ASSERT_EQ(attempt->kind, AttemptKind::continue_steps);
        EXPECT_FALSE(attempt->spends_login());
    }
    void expect_login_after(Milliseconds wait) {
        EXPECT_EQ(bench.sleep(), wait);
        const auto attempt = bench.wait_for_attempt();
        ASSERT_TRUE(attempt);
        EXPECT_EQ(attempt->kind, AttemptKind::acquire);
        EXPECT_TRUE(attempt->spends_login());
    }

    Bench bench;
    Outcome outcome = Bench::failed(Verdict::unavailable);
};

TEST_F(Holding, costs_one_login_however_often_the_step_fails) {
    fail(Verdict::unavailable);
    for (int n = 0; n < 50; ++n) {
        again();
        fail(Verdict::unavailable);
    }
    EXPECT_EQ(bench.view().budget_left, 5U) << "the one login left the window long ago";
    EXPECT_EQ(bench.view().consecutive_failures, 51U);
    EXPECT_EQ(bench.count_noticed("step_failed"), 51U);
    again();
    bench.end(bench.token());
    EXPECT_EQ(bench.view().consecutive_failures, 0U);
}

TEST_F(Holding, shows_what_failed) {
    outcome.status = 503;
    fail(Verdict::unavailable);
    const auto error = bench.view().last_error;
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind, Verdict::unavailable);
    EXPECT_EQ(error->step, "exchange");
    EXPECT_EQ(error->status, 503);
    EXPECT_EQ(bench.view().retry_at, bench.now.wall + seconds(15));
    const auto* record = bench.last_record<OutcomeRecord>();
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(record->verdict, Verdict::ok) << "the login itself was good";
}

TEST_F(Holding, climbs_the_ladder_of_faults) {
    for (const Milliseconds wait :
         {Milliseconds(seconds(15)), Milliseconds(minutes(1)), Milliseconds(minutes(4))}) {
        fail(Verdict::unavailable);
        EXPECT_EQ(bench.sleep(), wait);
        again();
    }
}

TEST_F(Holding, before_the_send_is_tried_again_from_one_second_on) {
    outcome.sent = false;
    for (const Milliseconds wait :
         {Milliseconds(seconds(1)), Milliseconds(seconds(2)), Milliseconds(seconds(4))}) {
        fail(Verdict::unavailable);
        EXPECT_EQ(bench.sleep(), wait);
        again();
    }
}

TEST_F(Holding, honours_a_retry_after_and_else_climbs_the_throttle_s_ladder) {
    fail(Verdict::throttled, minutes(20));
    EXPECT_EQ(bench.state(), LoginState::throttled);
    EXPECT_EQ(bench.view().waiting_for, WaitingFor::upstream);
    EXPECT_EQ(bench.sleep(), minutes(20));
    again();
    fail(Verdict::throttled);
    EXPECT_EQ(bench.sleep(), minutes(15)) << "the second step";
    again();
    fail(Verdict::unavailable);
    EXPECT_EQ(bench.state(), LoginState::backing_off) << "no throttle any longer";
    EXPECT_EQ(bench.view().waiting_for, WaitingFor::nothing);
}

TEST_F(Holding, is_let_go_on_by_an_admin_who_forgets_a_throttle) {
    fail(Verdict::throttled, hours(20));
    bench.pass(seconds(5));
    (void)bench.machine->admin_resume(true, bench.now, bench.ledger);
    EXPECT_EQ(bench.attempt()->kind, AttemptKind::continue_steps);
}

TEST_F(Holding, is_not_hastened_by_an_admin_who_forgets_a_throttle_that_is_not_its_own) {
    fail(Verdict::unavailable);
    (void)bench.machine->admin_resume(true, bench.now, bench.ledger);
    EXPECT_EQ(bench.sleep(), seconds(15));
}

TEST(HoldingBeside, a_token_that_still_serves_waits_an_eighth_of_what_is_left_of_it) {
    Bench bench;
    bench.log_in();
    ASSERT_TRUE(bench.wait_for_attempt());
    Outcome outcome = Bench::failed(Verdict::unavailable);
    outcome.held = true;
    outcome.step = "exchange";
    bench.end(outcome);
    EXPECT_TRUE(bench.serves());
    EXPECT_EQ(bench.sleep(), Milliseconds(hours(25)) / 8);
}

TEST_F(Holding, a_refused_step_that_is_needed_suspends) {
    fail(Verdict::unavailable);
    again();
    fail(Verdict::refused);
    EXPECT_EQ(bench.state(), LoginState::suspended);
    EXPECT_EQ(bench.view().last_error->step, "exchange");
    EXPECT_TRUE(bench.noticed("login_refused"));
    EXPECT_FALSE(bench.wait_for_attempt());
}

TEST_F(Holding, a_misconfigured_step_stops_until_that_is_mended) {
    (void)bench.machine->admin_refresh(bench.now, bench.ledger);
    fail(Verdict::misconfigured);
    EXPECT_EQ(bench.state(), LoginState::suspended);
    EXPECT_EQ(bench.view().last_error->kind, Verdict::misconfigured);
    EXPECT_EQ(bench.machine->admin_progress(), AdminProgress::failed);
    EXPECT_TRUE(bench.noticed("login_misconfigured"));
    EXPECT_FALSE(bench.wait_for_attempt());
}

TEST_F(Holding, a_login_s_result_that_is_dead_is_replaced_by_another_login_in_time) {
    fail(Verdict::expired);
    expect_login_after(minutes(5));
}

TEST_F(Holding, three_answers_that_fit_nothing_to_a_needed_step_lead_to_another_login) {
    fail(Verdict::unexpected);
    again();
    fail(Verdict::unavailable);  // does not count
    again();
    fail(Verdict::unexpected);
    again();
    fail(Verdict::unexpected);
    expect_login_after(minutes(5));
    EXPECT_EQ(bench.view().last_error->kind, Verdict::unexpected);
}

TEST_F(Holding, answers_of_different_steps_are_not_counted_together) {
    for (int n = 0; n < 2; ++n) {
        fail(Verdict::unexpected);
        again();
    }
    outcome.step = "another";
    for (int n = 0; n < 2; ++n) {
        fail(Verdict::unexpected);
        again();
    }
    fail(Verdict::unexpected);
    expect_login_after(minutes(5));
}

TEST_F(Holding, an_optional_step_that_is_refused_is_given_up_after_three_times_and_not_before) {
    outcome.optional_step = true;
    for (const Verdict verdict : {Verdict::refused, Verdict::expired, Verdict::unexpected}) {
        EXPECT_FALSE(bench.noticed("optional_step_given_up"));
        fail(verdict);
        again();
    }
    EXPECT_TRUE(bench.noticed("optional_step_given_up"));
    EXPECT_NE(bench.state(), LoginState::suspended);
}

TEST_F(Holding, a_login_s_result_that_makes_no_token_without_the_step_leads_to_another_login) {
    outcome.optional_step = true;
    for (int n = 0; n < 3; ++n) {
        fail(Verdict::unexpected);
        again();
    }
    bench.end(bench.token(Milliseconds(0)));  // what was taken before it is no valid token
    EXPECT_FALSE(bench.serves());
    const auto next = bench.wait_for_attempt();
    ASSERT_TRUE(next);
    EXPECT_EQ(next->kind, AttemptKind::acquire);
}

}  // namespace
}  // namespace tokenbroker::core
