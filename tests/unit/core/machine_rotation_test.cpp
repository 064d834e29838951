// A refresh token that rotates, and whose first one is an input: the kept one is the credential.
#include "bench.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::core {
namespace {

class MachineRotation : public ::testing::Test {
protected:
    MachineRotation() {
        EXPECT_TRUE(bench.attempt());
        bench.end(kept());
    }
    static AccountSettings settings() {
        AccountSettings settings = Bench::settings();
        settings.has_refresh = settings.kept_replaces_input = true;
        return settings;
    }
    Outcome kept() {
        Outcome outcome = bench.token();
        outcome.token->can_refresh = true;
        return outcome;
    }
    AttemptKind next_attempt() {
        const auto attempt = bench.wait_for_attempt();
        EXPECT_TRUE(attempt);
        return attempt ? attempt->kind : AttemptKind::probe;
    }
    Bench bench{settings()};
};

TEST_F(MachineRotation, goes_on_with_what_is_kept_however_long_a_fault_lasts) {
    for (const Verdict fault : {Verdict::unexpected, Verdict::unavailable}) {
        for (int n = 0; n < 40; ++n) {
            ASSERT_EQ(next_attempt(), AttemptKind::refresh) << n;
            bench.end(Bench::failed(fault));
        }
        EXPECT_FALSE(bench.machine->token()->valid(bench.now));
        ASSERT_EQ(next_attempt(), AttemptKind::refresh);
        bench.end(kept());
    }
    EXPECT_FALSE(bench.noticed("refresh_given_up"));
}

TEST_F(MachineRotation, that_is_refused_suspends_and_goes_on_with_what_is_kept) {
    ASSERT_EQ(next_attempt(), AttemptKind::refresh);
    bench.end(Bench::failed(Verdict::refused));
    EXPECT_EQ(bench.state(), LoginState::suspended);
    EXPECT_FALSE(bench.wait_for_attempt());
    bench.machine->secrets_readable("mended", bench.now, bench.ledger);
    EXPECT_EQ(next_attempt(), AttemptKind::refresh);
    bench.end(Bench::failed(Verdict::refused));
    EXPECT_EQ(bench.machine->admin_resume(false, bench.now, bench.ledger).kind,
              Admission::Kind::scheduled);
    EXPECT_EQ(next_attempt(), AttemptKind::refresh);
}

TEST_F(MachineRotation, logs_in_with_the_input_once_what_is_kept_is_dead) {
    ASSERT_EQ(next_attempt(), AttemptKind::refresh);
    bench.end(Bench::failed(Verdict::expired));
    EXPECT_TRUE(bench.noticed("refresh_refused"));
    EXPECT_EQ(bench.view().last_error->kind, Verdict::refused);
    ASSERT_EQ(next_attempt(), AttemptKind::acquire);
    bench.end(Bench::failed(Verdict::refused));
    EXPECT_EQ(bench.state(), LoginState::suspended);
    bench.machine->secrets_readable("a new refresh token", bench.now, bench.ledger);
    EXPECT_EQ(next_attempt(), AttemptKind::acquire);
}

}  // namespace
}  // namespace tokenbroker::core
