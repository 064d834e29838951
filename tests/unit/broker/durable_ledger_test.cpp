// The ledger's file behind its model: what could not be written is written later, and no login
// begins before.
#include "broker_fixture.hpp"

#include <filesystem>

namespace tokenbroker::broker {
namespace {

using namespace std::chrono_literals;

// A login is under way, its record durable, when the disk breaks; then its answer comes.
class BrokenDisk : public BrokerTest {
protected:
    void answer_into_it(int status, const std::string& body) {
        transport.hold();
        transport.next(status, body);
        start();
        ASSERT_EQ(logins(), 1U);
        files.fail(1, ENOSPC, true);
        transport.release();
        settle();
        EXPECT_EQ(process->log.count("ledger_write_failed"), 1U);
        EXPECT_TRUE(process->ledger.behind());
    }
    [[nodiscard]] std::string last_error() const {
        const auto error = face()->status().last_error;
        return error ? error->kind + ": " + error->message : "";
    }
};

TEST_F(BrokenDisk, forgets_no_refusal_once_it_is_mended) {
    answer_into_it(401, "{\"detail\":\"no\"}");
    pass(30s);
    files.heal();
    pass(30s);
    EXPECT_EQ(process->log.count("ledger_recovered"), 1U);
    EXPECT_FALSE(process->ledger.behind());
    restart();
    pass(1h);
    EXPECT_EQ(face()->status().login_state, "suspended");
    EXPECT_EQ(logins(), 1U);
}

TEST_F(BrokenDisk, is_looked_at_again_within_seconds_and_then_each_half_minute) {
    answer_into_it(401, "{\"detail\":\"no\"}");
    const std::uint64_t before = process->metrics.process().ledger_failures;
    pass(64s);  // after 1, 2, 4, 8, 16 and 30 s
    EXPECT_EQ(process->metrics.process().ledger_failures - before, 6U);
    EXPECT_EQ(process->log.count("ledger_write_failed"), 1U) << "said once";
}

TEST_F(BrokenDisk, lets_no_login_begin) {
    answer_into_it(200, "no token");
    EXPECT_NE(last_error().find("unexpected"), std::string::npos);
    pass(20min);
    EXPECT_EQ(logins(), 1U);
    EXPECT_NE(last_error().find("misconfigured: the login ledger can't be written"),
              std::string::npos);
    files.heal();
    pass(1min);
    EXPECT_EQ(logins(), 2U);
    EXPECT_EQ(token(), "token-1");
    EXPECT_EQ(last_error(), "");
}

TEST_F(BrokenDisk, is_caught_up_with_by_the_next_login_and_counts_that_once) {
    Settings tight = settings();
    tight.accounts.begin()->second.policy.budget = {3, 24h};
    tight.accounts.begin()->second.policy.throttled_backoff = {1s, 1, 1s};
    transport.hold();
    transport.next(200, "no token");
    start(tight);
    files.fail(1, ENOSPC, true);
    transport.release();
    settle();
    files.heal();
    pass(1200ms);  // its own mending and the next login come together
    ASSERT_EQ(logins(), 2U);
    stop();
    start(tight);
    EXPECT_EQ(face()->status().budget_left, 1U);
}

TEST_F(BrokenDisk, is_told_in_the_status_of_accounts_that_have_no_other_trouble) {
    answer_into_it(200, "{\"key\":\"token-0\"}");
    EXPECT_EQ(token(), "token-0");
    EXPECT_EQ(last_error(), "misconfigured: the login ledger can't be written");
    EXPECT_EQ(face()->status().token_note, "the token can't be kept on disk");
    files.heal();
    pass(2min);
    EXPECT_EQ(last_error(), "");
    EXPECT_FALSE(face()->status().token_note);
}

// A folder in the ledger's place can be neither read nor replaced.
TEST_F(BrokenDisk, whose_ledger_can_be_neither_read_nor_written_serves_what_is_sealed) {
    start();
    stop();
    std::filesystem::remove(folder / "ledger");
    folder.make_folder("ledger");
    start();
    EXPECT_EQ(token(), "token-1");
    EXPECT_EQ(process->log.count("ledger_unreadable"), 1U);
    EXPECT_EQ(process->log.count("ledger_write_failed"), 1U);
    EXPECT_EQ(process->metrics.process().ledger_failures, 1U);
    EXPECT_EQ(last_error(), "misconfigured: the login ledger can't be written");
    const auto refused = call(face()->refresh(3s));
    pass(3s);
    EXPECT_EQ(logins(), 1U);
    std::filesystem::remove(folder / "ledger");
    pass(1min);
    EXPECT_EQ(process->log.count("ledger_recovered"), 1U);
    EXPECT_EQ(face()->status().budget_left, 1U) << "of what was spent nothing is known";
    const auto refreshed = call(face()->refresh(3s));
    pass(3s);
    EXPECT_EQ(logins(), 2U);
    EXPECT_EQ(last_error(), "");
    restart();
    EXPECT_EQ(face()->status().budget_left, 0U);
}

}  // namespace
}  // namespace tokenbroker::broker
