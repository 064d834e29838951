// What a failed attempt leaves behind: in the ledger, in the status, for the next one.
#include "bench.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::core {
namespace {

TEST(MachineFailure, is_written_down_with_all_that_a_restart_has_to_know) {
    Bench bench(Bench::roomy());
    for (const Verdict verdict : {Verdict::unexpected, Verdict::unavailable}) {
        ASSERT_TRUE(bench.wait_for_attempt());
        Outcome outcome = Bench::failed(verdict);
        outcome.status = 502;
        bench.end(outcome);
    }
    const auto* record = bench.last_record<OutcomeRecord>();
    ASSERT_NE(record, nullptr);
    OutcomeRecord expected;
    expected.at = bench.ledger.stamp(bench.now);
    expected.id = 2;
    expected.account = "a";
    expected.realm = "r";
    expected.verdict = Verdict::unavailable;
    expected.failures = 2;
    expected.faults = 1;
    expected.throttles = 1;
    expected.wait = seconds(15);
    expected.step = "login";
    expected.status = 502;
    expected.message = "said so";
    EXPECT_EQ(*record, expected);

    const auto before = bench.view();
    bench.restart();
    EXPECT_EQ(bench.view().last_error, before.last_error);
    EXPECT_EQ(bench.view().consecutive_failures, 2U);
    EXPECT_EQ(bench.sleep(), seconds(15));
    ASSERT_TRUE(bench.wait_for_attempt());
    bench.end(Bench::failed(Verdict::unavailable));
    EXPECT_EQ(bench.sleep(), minutes(1));
    ASSERT_TRUE(bench.wait_for_attempt());
    bench.end(Bench::failed(Verdict::unexpected));
    EXPECT_EQ(bench.sleep(), minutes(15));
}

TEST(MachineFailure, before_the_send_is_written_down_as_given_back_and_without_a_wait) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    bench.end(Bench::unsent());
    const auto* record = bench.last_record<OutcomeRecord>();
    ASSERT_NE(record, nullptr);
    EXPECT_TRUE(record->refunded);
    EXPECT_EQ(record->wait, Milliseconds(0));
}

TEST(MachineFailure, of_a_success_leaves_its_record_too) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    bench.end(bench.token());
    const auto* record = bench.last_record<OutcomeRecord>();
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(record->account, "a");
    EXPECT_EQ(record->realm, "r");
    EXPECT_EQ(record->verdict, Verdict::ok);
    EXPECT_EQ(record->id, 1U);
}

TEST(MachineFailure, after_the_send_ends_the_ladder_of_those_before_it) {
    for (const Verdict verdict : {Verdict::unavailable, Verdict::unexpected}) {
        Bench bench(Bench::roomy());
        for (int n = 0; n < 3; ++n) {
            ASSERT_TRUE(bench.wait_for_attempt());
            bench.end(Bench::unsent());
        }
        ASSERT_TRUE(bench.wait_for_attempt());
        bench.end(Bench::failed(verdict));
        ASSERT_TRUE(bench.wait_for_attempt());
        bench.end(Bench::unsent());
        EXPECT_EQ(bench.sleep(), seconds(1));
    }
}

TEST(MachineFailure, by_a_throttle_climbs_as_far_as_the_realm_or_the_account_has_come) {
    Bench behind(Bench::roomy());  // others were throttled twice
    behind.ledger.apply(
        ThrottleRecord{behind.ledger.stamp(behind.now), "r", Milliseconds(seconds(1)), 2});
    ASSERT_TRUE(behind.wait_for_attempt());
    behind.end(Bench::failed(Verdict::throttled));
    EXPECT_EQ(behind.sleep(), minutes(45));

    Bench ahead(Bench::roomy());
    for (int n = 0; n < 2; ++n) {
        ASSERT_TRUE(ahead.wait_for_attempt());
        ahead.end(Bench::failed(Verdict::throttled));
    }
    // Another account was let in.
    ahead.ledger.apply(ThrottleRecord{ahead.ledger.stamp(ahead.now), "r", Milliseconds(0), 0});
    ASSERT_TRUE(ahead.wait_for_attempt());
    ahead.end(Bench::failed(Verdict::throttled));
    EXPECT_EQ(ahead.sleep(), minutes(45));
}

TEST(MachineFailure, with_a_sane_retry_after_is_no_news_of_a_cap) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    bench.end(Bench::failed(Verdict::throttled, hours(24)));
    EXPECT_EQ(bench.sleep(), hours(24));
    EXPECT_FALSE(bench.noticed("retry_after_capped"));
    EXPECT_TRUE(bench.noticed("login_throttled"));
}

TEST(MachineFailure, by_an_answer_that_holds_no_valid_token_says_that) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    Outcome none = bench.token();
    none.token.reset();
    bench.end(none);
    EXPECT_EQ(bench.view().last_error->kind, Verdict::unexpected);
    EXPECT_EQ(bench.view().last_error->message, "the upstream gave no token that is valid now");
    EXPECT_EQ(bench.sleep(), minutes(5));
    // Not the clock's fault: setting it hastens nothing.
    bench.pass(seconds(2));
    bench.step_wall(hours(1));
    EXPECT_FALSE(bench.attempt());
}

TEST(MachineFailure, that_says_why_is_told_in_those_words) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    Outcome expired = bench.token(Milliseconds(0));
    expired.message = "expires_in is 0";
    bench.end(expired);
    EXPECT_EQ(bench.view().last_error->message, "expires_in is 0");
}

TEST(MachineFailure, of_another_kind_ends_the_suspicion_of_the_clock) {
    Bench bench(Bench::roomy());
    ASSERT_TRUE(bench.attempt());
    bench.end(bench.token(Milliseconds(0)));
    ASSERT_TRUE(bench.wait_for_attempt());
    bench.end(Bench::failed(Verdict::unexpected));
    bench.pass(seconds(2));
    bench.step_wall(-hours(1));
    EXPECT_FALSE(bench.attempt());
}

TEST(MachineFailure, by_a_dead_token_is_unexpected_in_status_which_has_no_such_word) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    bench.end(Bench::failed(Verdict::expired));
    EXPECT_EQ(bench.view().last_error->kind, Verdict::unexpected);
    EXPECT_EQ(bench.state(), LoginState::backing_off);
}

TEST(MachineFailure, by_refusal_latches_to_the_secret_that_was_sent_whatever_was_read_before) {
    Bench bench;
    ASSERT_TRUE(bench.attempt());
    Outcome refused = Bench::failed(Verdict::refused);
    refused.fingerprint = "secret-9";
    bench.end(refused);
    ASSERT_EQ(bench.state(), LoginState::suspended);
    bench.machine->secrets_readable("secret-9", bench.now, bench.ledger);
    EXPECT_EQ(bench.state(), LoginState::suspended);
    bench.restart();
    bench.machine->secrets_readable("secret-10", bench.now, bench.ledger);
    EXPECT_TRUE(bench.wait_for_attempt(seconds(1)));
}

// The secret of a command is not read at start, so that what it was is known from logins alone.
TEST(MachineFailure, of_fresh_tokens_latches_to_the_secret_that_got_them) {
    Bench bench(Bench::probing());
    bench.machine.emplace(Bench::probing(), bench.ledger, bench.now);
    for (int n = 0; n < 2; ++n) {
        ASSERT_TRUE(bench.wait_for_attempt());
        Outcome outcome = bench.token();
        outcome.fingerprint = "of the command";
        bench.end(outcome);
        (void)bench.machine->rejected(bench.machine->last_generation(), bench.now);
        for (int probe = 0; probe < 2; ++probe) {
            ASSERT_EQ(bench.wait_for_attempt(seconds(5))->kind, AttemptKind::probe);
            bench.end(Bench::failed(Verdict::refused));
        }
    }
    ASSERT_EQ(bench.state(), LoginState::suspended);
    bench.machine->secrets_readable("of the command", bench.now, bench.ledger);
    EXPECT_EQ(bench.state(), LoginState::suspended) << "or it would log in again and again";
    bench.machine->secrets_readable("another", bench.now, bench.ledger);
    EXPECT_TRUE(bench.attempt());
}

TEST(MachineFailure, of_a_refresh_by_a_throttle_holds_the_realm) {
    Bench bench(Bench::refreshing());
    bench.log_in_with_refresh();
    ASSERT_EQ(bench.wait_for_attempt()->kind, AttemptKind::refresh);
    bench.end(Bench::failed(Verdict::throttled, minutes(20)));
    EXPECT_EQ(bench.state(), LoginState::throttled);
    EXPECT_EQ(bench.view().waiting_for, WaitingFor::upstream);
    EXPECT_EQ(bench.sleep(), minutes(20));
    EXPECT_EQ(bench.wait_for_attempt()->kind, AttemptKind::refresh);
}

TEST(MachineFailure, of_a_refresh_by_our_own_mistake_suspends) {
    Bench bench(Bench::refreshing());
    bench.log_in_with_refresh();
    ASSERT_EQ(bench.wait_for_attempt()->kind, AttemptKind::refresh);
    bench.end(Bench::failed(Verdict::misconfigured));
    EXPECT_EQ(bench.state(), LoginState::suspended);
    EXPECT_EQ(bench.view().last_error->kind, Verdict::misconfigured);
    EXPECT_TRUE(bench.noticed("login_misconfigured"));
}

TEST(MachineFailure, of_a_refresh_that_gave_no_valid_token_says_that_and_backs_off) {
    Bench bench(Bench::refreshing());
    bench.log_in_with_refresh();
    ASSERT_EQ(bench.wait_for_attempt()->kind, AttemptKind::refresh);
    bench.records.clear();
    bench.end(bench.token(Milliseconds(0)));
    EXPECT_EQ(bench.view().last_error->kind, Verdict::unexpected);
    EXPECT_EQ(bench.view().last_error->message, "the refresh gave no token that is valid now");
    EXPECT_EQ(bench.sleep(), Milliseconds(hours(25)) / 8);
    EXPECT_TRUE(bench.records.empty()) << "no login is at stake, so no record";
}

TEST(MachineFailure, of_a_refresh_before_the_send_does_not_lead_to_a_login) {
    Bench bench(Bench::refreshing());
    bench.log_in_with_refresh();
    for (int n = 0; n < 5; ++n) {
        ASSERT_EQ(bench.wait_for_attempt()->kind, AttemptKind::refresh);
        bench.end(Bench::unsent());
        EXPECT_EQ(bench.view().last_error->kind, Verdict::unavailable);
    }
    EXPECT_FALSE(bench.noticed("refresh_given_up"));
}

TEST(MachineFailure, of_a_refresh_by_faults_leads_to_a_login_once_the_token_is_gone) {
    Bench bench(Bench::refreshing());
    bench.log_in_with_refresh();
    unsigned refreshes = 0;
    while (bench.serves()) {
        const auto attempt = bench.wait_for_attempt();
        ASSERT_TRUE(attempt);
        ASSERT_EQ(attempt->kind, AttemptKind::refresh);
        ++refreshes;
        bench.end(Bench::failed(Verdict::unavailable));
    }
    EXPECT_GT(refreshes, 3U);
    EXPECT_EQ(bench.wait_for_attempt()->kind, AttemptKind::acquire);
    EXPECT_EQ(bench.count_noticed("refresh_given_up"), 1U);
}

TEST(MachineFailure, of_a_refresh_that_a_client_caused_spends_the_client_s_share) {
    AccountSettings settings = Bench::refreshing();
    settings.budget = {5, hours(1)};
    Bench bench(settings);
    bench.log_in_with_refresh();
    bench.pass(hours(2));
    for (const Verdict verdict : {Verdict::refused, Verdict::unexpected}) {
        bench.pass(minutes(10));
        (void)bench.machine->rejected(bench.machine->last_generation(), bench.now);
        const auto attempt = bench.wait_for_attempt(seconds(30));
        ASSERT_TRUE(attempt);
        EXPECT_EQ(attempt->cause, Cause::client);
        EXPECT_TRUE(attempt->spends_login());
        Outcome outcome = Bench::failed(verdict);
        outcome.step = "refresh";
        bench.end(outcome);
    }
    EXPECT_EQ(bench.view().budget_left, 3U);
    EXPECT_TRUE(bench.machine->client_throttled(bench.now, bench.ledger));
}

}  // namespace
}  // namespace tokenbroker::core
