// What a new token makes good, and what it leaves as it is.
#include "bench.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::core {
namespace {

using Kind = Reception::Kind;

AccountSettings slow() {
    AccountSettings settings = Bench::settings();
    settings.budget = {1000, hours(1)};
    settings.lifetime = hours(8);
    settings.backoff = {hours(1), 2, hours(8)};
    settings.throttled_backoff = {hours(1), 2, hours(8)};
    return settings;
}

TEST(MachineRenewal, ends_every_ladder_and_the_error_that_was_shown) {
    Bench bench(slow());
    for (const Verdict verdict :
         {Verdict::unavailable, Verdict::unexpected, Verdict::unavailable, Verdict::unexpected}) {
        ASSERT_TRUE(bench.wait_for_attempt());
        bench.end(Bench::failed(verdict));
    }
    EXPECT_EQ(bench.sleep(), hours(2));  // the second step
    EXPECT_EQ(bench.view().consecutive_failures, 4U);
    bench.log_in(hours(8));
    EXPECT_EQ(bench.view().consecutive_failures, 0U);
    EXPECT_FALSE(bench.view().last_error);
    EXPECT_EQ(bench.sleep(), hours(6));

    ASSERT_TRUE(bench.wait_for_attempt());
    bench.end(Bench::failed(Verdict::unavailable));
    EXPECT_EQ(bench.sleep(), hours(1));  // the first one again
    bench.log_in(hours(8));
    ASSERT_TRUE(bench.wait_for_attempt());
    bench.end(Bench::failed(Verdict::unexpected));
    EXPECT_EQ(bench.sleep(), hours(1));
}

TEST(MachineRenewal, ends_the_ladder_of_faults_before_the_send) {
    Bench bench(slow());
    for (int n = 0; n < 3; ++n) {
        ASSERT_TRUE(bench.wait_for_attempt());
        bench.end(Bench::unsent());
    }
    EXPECT_EQ(bench.sleep(), seconds(4));
    bench.log_in(hours(8));
    ASSERT_TRUE(bench.wait_for_attempt());
    bench.end(Bench::unsent());
    EXPECT_EQ(bench.sleep(), seconds(1));
}

TEST(MachineRenewal, is_kept_over_a_restart_as_the_end_of_all_ladders) {
    Bench bench(slow());
    for (const Verdict verdict : {Verdict::unavailable, Verdict::unexpected}) {
        ASSERT_TRUE(bench.wait_for_attempt());
        bench.end(Bench::failed(verdict));
    }
    bench.log_in(hours(8));
    bench.restart();
    EXPECT_EQ(bench.view().consecutive_failures, 0U);
    for (const Verdict verdict : {Verdict::unavailable, Verdict::unexpected}) {
        ASSERT_TRUE(bench.wait_for_attempt());
        bench.end(Bench::failed(verdict));
        EXPECT_EQ(bench.sleep(), hours(1));
    }
}

TEST(MachineRenewal, by_an_admin_ends_the_wait_that_a_fault_had_set) {
    Bench bench(slow());
    ASSERT_TRUE(bench.attempt());
    bench.end(Bench::failed(Verdict::unavailable));
    bench.pass(seconds(2));
    (void)bench.machine->admin_refresh(bench.now, bench.ledger);
    ASSERT_TRUE(bench.attempt());
    bench.end(bench.token(hours(8)));
    bench.pass(hours(1) - seconds(10));
    // No probe here: a login of cause client, which nothing holds back.
    EXPECT_EQ(bench.machine->rejected(bench.machine->last_generation(), bench.now).kind,
              Kind::wait);
    EXPECT_TRUE(bench.attempt());
}

TEST(MachineRenewal, answers_whoever_wanted_it_and_no_other_login_follows) {
    AccountSettings settings = Bench::settings();
    settings.has_revoke = true;
    Bench bench(settings);
    bench.log_in();
    for (int round = 0; round < 2; ++round) {
        bench.pass(hours(1));
        if (round == 0) {
            (void)bench.machine->rejected(bench.machine->last_generation(), bench.now);
        } else {
            (void)bench.machine->admin_refresh(bench.now, bench.ledger);
        }
        ASSERT_TRUE(bench.attempt());
        bench.end(bench.token());
        bench.publication = Publication::none;
        bench.pass(seconds(2));
        EXPECT_FALSE(bench.attempt());
        EXPECT_EQ(bench.sleep(), hours(75) - seconds(2));
        EXPECT_EQ(bench.publication, Publication::none) << "it is published once";
    }
}

TEST(MachineRenewal, says_so_by_its_own_event) {
    AccountSettings settings = Bench::settings();
    settings.has_refresh = true;
    Bench bench(settings);
    Outcome outcome = bench.token();
    outcome.token->can_refresh = true;
    ASSERT_TRUE(bench.attempt());
    bench.end(outcome);
    EXPECT_TRUE(bench.noticed("login_succeeded"));
    EXPECT_FALSE(bench.noticed("token_refreshed"));
    ASSERT_EQ(bench.wait_for_attempt()->kind, AttemptKind::refresh);
    bench.end(bench.token());
    EXPECT_TRUE(bench.noticed("token_refreshed"));
}

TEST(MachineRenewal, before_a_revocation_began_is_no_revocation) {
    AccountSettings settings = Bench::settings();
    settings.has_revoke = true;
    Bench bench(settings);
    bench.log_in();
    ASSERT_TRUE(bench.wait_for_attempt());  // a refresh is on its way
    EXPECT_EQ(bench.machine->admin_revoke(bench.now, bench.ledger).kind,
              Admission::Kind::scheduled);
    bench.end(bench.token());
    EXPECT_EQ(bench.machine->admin_progress(), AdminProgress::failed);
    EXPECT_TRUE(bench.noticed("revoke_failed"));
    EXPECT_FALSE(bench.attempt()) << "the new token is not the one that was to end";
}

TEST(MachineRenewal, is_what_gives_the_probes_a_new_beginning) {
    AccountSettings settings = Bench::probing();
    settings.probe_every = minutes(15);
    settings.has_revoke = true;
    Bench bench(settings);
    bench.log_in();
    bench.pass(minutes(14));
    (void)bench.machine->rejected(bench.machine->last_generation(), bench.now);
    ASSERT_EQ(bench.attempt()->kind, AttemptKind::probe);
    bench.end(Bench::failed(Verdict::ok));
    (void)bench.machine->admin_refresh(bench.now, bench.ledger);
    ASSERT_EQ(bench.attempt()->kind, AttemptKind::acquire);
    bench.end(bench.token());
    EXPECT_EQ(bench.sleep(), minutes(15)) << "from the issue of the new token";
    // What the old token's probe said is nothing about the new one.
    EXPECT_EQ(bench.machine->rejected(bench.machine->last_generation(), bench.now).kind,
              Kind::wait);
    EXPECT_EQ(bench.attempt()->kind, AttemptKind::probe);
}

TEST(MachineRenewal, drops_the_second_look_at_the_old_token) {
    Bench bench(Bench::probing());
    bench.log_in();
    bench.pass(seconds(30));
    (void)bench.machine->rejected(bench.machine->last_generation(), bench.now);
    ASSERT_EQ(bench.attempt()->kind, AttemptKind::probe);
    bench.end(Bench::failed(Verdict::refused));
    ASSERT_EQ(bench.sleep(), seconds(5));
    (void)bench.machine->admin_refresh(bench.now, bench.ledger);
    ASSERT_EQ(bench.attempt()->kind, AttemptKind::acquire);
    // A rejection while it runs is of the old token too.
    (void)bench.machine->rejected(bench.machine->last_generation(), bench.now);
    bench.end(bench.token());
    EXPECT_EQ(bench.sleep(), hours(75));
}

TEST(MachineRenewal, of_a_token_reported_during_the_login_is_not_probed_for_it) {
    Bench bench(Bench::probing());
    bench.log_in();
    const auto generation = bench.machine->last_generation();
    bench.pass(hours(2));
    (void)bench.machine->admin_refresh(bench.now, bench.ledger);
    ASSERT_EQ(bench.attempt()->kind, AttemptKind::acquire);
    const BootTime asked = bench.now.boot;
    EXPECT_EQ(bench.machine->rejected(generation, bench.now).kind, Kind::wait);
    bench.end(bench.token());
    EXPECT_EQ(bench.sleep(), hours(75));
    EXPECT_TRUE(bench.machine->rejection_settled(generation, asked, bench.now));
}

TEST(MachineRenewal, without_the_step_that_failed_before_has_no_note) {
    Bench bench;
    Outcome outcome = Bench::failed(Verdict::unexpected);
    outcome.held = outcome.optional_step = true;
    outcome.step = "exchange";
    for (int n = 0; n < 3; ++n) {
        ASSERT_TRUE(bench.wait_for_attempt());
        bench.end(outcome);
    }
    ASSERT_TRUE(bench.attempt());
    bench.end(bench.token());
    ASSERT_NE(bench.view().token_note, "");
    EXPECT_EQ(bench.sleep(), hours(75)) << "nothing is held any longer";
    bench.log_in();
    EXPECT_EQ(bench.view().token_note, "");
}

TEST(MachineRenewal, that_lived_well_makes_an_earlier_death_an_accident) {
    Bench bench(Bench::probing());
    const auto refuse = [&bench](Milliseconds age, int probes) {
        bench.log_in();
        bench.pass(age);
        (void)bench.machine->rejected(bench.machine->last_generation(), bench.now);
        for (int probe = 0; probe < probes; ++probe) {
            ASSERT_TRUE(bench.wait_for_attempt(seconds(5)));
            bench.end(Bench::failed(Verdict::refused));
        }
    };
    for (int n = 0; n < 3; ++n) {
        refuse(seconds(30), 2);  // when it was fresh
        bench.log_in();
        ASSERT_TRUE(bench.wait_for_attempt());  // until its refresh
        bench.end(bench.token());
    }
    EXPECT_NE(bench.state(), LoginState::suspended);
    for (int n = 0; n < 3; ++n) {
        refuse(hours(5), 1);  // long before half of its life
        bench.log_in();
        ASSERT_TRUE(bench.wait_for_attempt());
        bench.end(bench.token());
    }
    EXPECT_FALSE(bench.noticed("token_died_early"));
}

TEST(MachineRenewal, with_the_same_token_is_progress_where_it_lives_longer_by_more_than_a_second) {
    for (const auto& [more, progress] :
         {std::pair(Milliseconds(seconds(1)), false), std::pair(Milliseconds(seconds(2)), true)}) {
        Bench bench;
        bench.log_in();
        ASSERT_TRUE(bench.wait_for_attempt());
        Outcome same = bench.token(hours(25) + more);
        same.token->same_token = true;
        const auto generation = bench.machine->last_generation();
        bench.end(same);
        EXPECT_EQ(bench.machine->last_generation() > generation, progress);
        EXPECT_EQ(bench.noticed("token_unchanged"), !progress);
    }
}

TEST(MachineRenewal, that_makes_no_progress_waits_longer_each_time_and_progress_ends_that) {
    Bench bench(slow());
    bench.log_in(hours(8));
    const auto stall = [&bench] {
        Outcome same = bench.token(bench.machine->token()->left(bench.now));
        same.token->same_token = true;
        bench.end(same);
    };
    ASSERT_TRUE(bench.wait_for_attempt());
    stall();
    EXPECT_EQ(bench.sleep(), hours(1));
    EXPECT_EQ(bench.view().consecutive_failures, 1U);
    ASSERT_TRUE(bench.wait_for_attempt());
    stall();
    EXPECT_EQ(bench.view().consecutive_failures, 2U);
    EXPECT_EQ(bench.view().last_error->kind, Verdict::unexpected);
    ASSERT_TRUE(bench.wait_for_attempt());  // two hours on: it has expired meanwhile
    bench.end(bench.token(hours(8)));
    ASSERT_TRUE(bench.wait_for_attempt());
    stall();
    EXPECT_EQ(bench.sleep(), hours(1));
}

TEST(MachineRenewal, ends_the_realm_s_throttle_by_a_login_and_not_by_a_refresh) {
    for (const bool refreshes : {false, true}) {
        AccountSettings settings = Bench::settings();
        settings.has_refresh = refreshes;
        Bench bench(settings);
        Outcome first = bench.token();
        first.token->can_refresh = refreshes;
        ASSERT_TRUE(bench.attempt());
        bench.end(first);
        bench.ledger.apply(ThrottleRecord{bench.ledger.stamp(bench.now), "r", minutes(1), 2});
        ASSERT_TRUE(bench.wait_for_attempt());
        bench.records.clear();
        bench.end(bench.token());
        EXPECT_EQ(bench.ledger.throttles("r"), refreshes ? 2U : 0U);
        if (!refreshes) {
            EXPECT_TRUE(std::holds_alternative<ThrottleRecord>(bench.records.back()))
                << "a restart knows it too";
        }
    }
}

}  // namespace
}  // namespace tokenbroker::core
