#include "core/ledger.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace tokenbroker::core {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr WallTime epoch{seconds(1'795'305'600)};

class LedgerTest : public ::testing::Test {
protected:
    LedgerTest() { configure(); }

    void configure() {
        ledger.set_realm("r", realm);
        for (const char* name : {"a", "b", "c"})
            ledger.set_account(name, "r", budget);
    }
    void set_budgets(Budget own, Budget shared) {
        budget = own;
        realm = shared;
        configure();
    }
    void pass(Milliseconds time) {
        now.wall += time;
        now.boot += time;
    }
    Permission may(const std::string& account, Cause cause = Cause::need, Priority priority = {}) {
        return ledger.permission(account, cause, priority, now.boot);
    }
    std::uint64_t begin(const std::string& account, Cause cause = Cause::need) {
        const std::uint64_t id = ledger.next_attempt_id();
        put(AttemptRecord{ledger.stamp(now), id, account, "r", cause, false});
        return id;
    }
    void end(std::uint64_t id, const std::string& account, bool refunded = false) {
        OutcomeRecord record;
        record.at = ledger.stamp(now);
        record.id = id;
        record.account = account;
        record.realm = "r";
        record.refunded = refunded;
        record.verdict = refunded ? Verdict::unavailable : Verdict::ok;
        put(record);
    }
    void log_in(const std::string& account, Cause cause = Cause::need) {
        end(begin(account, cause), account);
    }
    void put(const LedgerRecord& record) {
        ledger.apply(record);
        file.push_back(record);
    }
    // A new process; with another boot id the machine was off for `off` and boot time starts anew.
    void restart(const std::string& boot = "boot-1", Milliseconds off = Milliseconds(0)) {
        if (boot != ledger.boot_id()) {
            now.wall += off;
            now.boot = BootTime(seconds(30));
        }
        ledger = Ledger(boot);
        configure();
        ledger.load(file, now);
    }
    void compact() { file = ledger.snapshot(now); }

    Budget budget{2, hours(1)};
    Budget realm{4, hours(1)};
    Moment now{epoch, BootTime(hours(9))};
    Ledger ledger{"boot-1"};
    std::vector<LedgerRecord> file;
};

TEST_F(LedgerTest, an_account_logs_in_as_often_as_its_budget_in_any_window) {
    set_budgets({2, hours(1)}, {100, minutes(1)});
    log_in("a");
    pass(minutes(20));
    log_in("a");
    const Permission third = may("a");
    EXPECT_EQ(third.waiting_for, WaitingFor::account_budget);
    EXPECT_EQ(third.at, now.boot + minutes(40) + Milliseconds(1));
    EXPECT_EQ(ledger.left("a", now.boot), 0U);
    pass(minutes(40));
    EXPECT_FALSE(may("a").now());
    pass(Milliseconds(1));
    EXPECT_TRUE(may("a").now());
    EXPECT_TRUE(may("b").now());
}

TEST_F(LedgerTest, a_login_counts_from_its_record_until_a_window_after_its_end) {
    set_budgets({1, hours(1)}, {100, minutes(1)});
    const auto id = begin("a");
    EXPECT_FALSE(may("a").now());
    pass(hours(3));
    EXPECT_FALSE(may("a").now());
    end(id, "a");
    pass(minutes(59));
    EXPECT_FALSE(may("a").now());
    pass(minutes(1) + Milliseconds(1));
    EXPECT_TRUE(may("a").now());
}

TEST_F(LedgerTest, a_login_that_was_never_sent_is_given_back) {
    set_budgets({1, hours(1)}, {1, hours(1)});
    end(begin("a"), "a", true);
    pass(seconds(1));
    EXPECT_TRUE(may("a").now());
    EXPECT_TRUE(may("b").now());
    restart();
    EXPECT_TRUE(may("b").now());
}

TEST_F(LedgerTest, clients_and_admins_together_get_half_rounded_down_and_at_least_one) {
    EXPECT_EQ((Budget{5, hours(1)}.share()), 2U);
    EXPECT_EQ((Budget{1, hours(1)}.share()), 1U);
    set_budgets({5, hours(1)}, {100, minutes(1)});
    log_in("a", Cause::client);
    pass(seconds(2));
    log_in("a", Cause::admin);
    pass(seconds(2));
    EXPECT_FALSE(may("a", Cause::client).now());
    EXPECT_FALSE(may("a", Cause::admin).now());
    for (int n = 0; n < 3; ++n) {
        EXPECT_TRUE(may("a", Cause::need).now());
        log_in("a", Cause::need);
        pass(seconds(2));
    }
    EXPECT_FALSE(may("a", Cause::need).now());
}

TEST_F(LedgerTest, need_may_spend_all_and_leaves_clients_none) {
    set_budgets({4, hours(1)}, {100, minutes(1)});
    for (int n = 0; n < 4; ++n) {
        log_in("a");
        pass(seconds(2));
    }
    EXPECT_FALSE(may("a", Cause::client).now());
}

TEST_F(LedgerTest, accounts_of_a_realm_share_its_budget_and_its_share) {
    set_budgets({4, hours(1)}, {4, hours(1)});
    log_in("a", Cause::client);
    pass(seconds(2));
    log_in("b", Cause::client);
    pass(seconds(2));
    EXPECT_EQ(may("c", Cause::client).waiting_for, WaitingFor::realm_budget);
    log_in("c");
    pass(seconds(2));
    log_in("c");
    pass(seconds(2));
    EXPECT_EQ(may("c").waiting_for, WaitingFor::realm_budget);
}

TEST_F(LedgerTest, the_realm_is_paced_once_a_quarter_of_its_budget_is_used) {
    set_budgets({60, minutes(1)}, {60, minutes(1)});
    for (int n = 0; n < 15; ++n)
        log_in("a");
    EXPECT_EQ(may("a").at, now.boot + seconds(1));
    pass(seconds(1));
    EXPECT_TRUE(may("a").now());
}

TEST_F(LedgerTest, the_next_login_of_a_realm_goes_to_the_account_that_needs_it_most) {
    set_budgets({9, hours(1)}, {1, hours(1)});
    log_in("a");
    pass(minutes(10));
    const BootTime slot = now.boot + minutes(50) + Milliseconds(1);
    ledger.enqueue("b", {false, true, now.boot + hours(1)});
    ledger.enqueue("c", {true, false, {}});
    EXPECT_EQ(may("c", Cause::need, {true, false, {}}).at, slot);
    EXPECT_GT(may("b", Cause::need, {false, true, now.boot + hours(1)}).at, slot);
    pass(minutes(51));
    EXPECT_TRUE(may("c", Cause::need, {true, false, {}}).now());
    EXPECT_FALSE(may("b", Cause::need, {false, true, now.boot + hours(1)}).now());
    ledger.dequeue("c");
    EXPECT_TRUE(may("b", Cause::need, {false, true, now.boot + hours(1)}).now());
}

TEST_F(LedgerTest, an_account_is_not_behind_itself_when_it_became_less_urgent) {
    set_budgets({9, hours(1)}, {1, hours(1)});
    ledger.enqueue("a", {true, false, {}});
    EXPECT_TRUE(may("a", Cause::need, {false, true, now.boot + hours(1)}).now());
}

TEST_F(LedgerTest, nothing_is_sent_to_a_realm_before_its_not_before_time) {
    put(ThrottleRecord{ledger.stamp(now), "r", minutes(10), 1});
    const Permission blocked = may("b");
    EXPECT_EQ(blocked.waiting_for, WaitingFor::upstream);
    EXPECT_EQ(blocked.at, now.boot + minutes(10));
    for (const char* boot : {"boot-1", "boot-2"}) {
        restart(boot, minutes(4));
        EXPECT_EQ(may("a").waiting_for, WaitingFor::upstream) << boot;
    }
    EXPECT_EQ(may("b").at, now.boot + minutes(6));
    pass(minutes(6));
    EXPECT_TRUE(may("b").now());
}

TEST_F(LedgerTest, a_shorter_not_before_does_not_cut_a_longer_one_and_an_admin_clears_both) {
    put(ThrottleRecord{ledger.stamp(now), "r", hours(2), 1});
    put(ThrottleRecord{ledger.stamp(now), "r", minutes(1), 2});
    EXPECT_EQ(may("a").at, now.boot + hours(2));
    ledger.enqueue("a", {});
    put(ThrottleClearedRecord{ledger.stamp(now), "r"});
    EXPECT_EQ(ledger.take_woken(), std::vector<std::string>{"a"});
    EXPECT_TRUE(may("a").now());
    restart();
    EXPECT_TRUE(may("a").now());
}

TEST_F(LedgerTest, after_a_throttle_logins_go_one_at_a_time_until_one_is_let_in) {
    put(ThrottleRecord{ledger.stamp(now), "r", minutes(1), 1});
    pass(minutes(1));
    const auto id = begin("a");
    EXPECT_EQ(may("b").waiting_for, WaitingFor::upstream);
    end(id, "a");
    put(ThrottleRecord{ledger.stamp(now), "r", Milliseconds(0), 0});
    pass(seconds(1));
    EXPECT_TRUE(may("b").now());
}

TEST_F(LedgerTest, budgets_survive_restarts_and_reboots_and_compaction) {
    log_in("a");
    pass(minutes(10));
    log_in("a");
    for (const char* boot : {"boot-1", "boot-2", "boot-3"}) {
        pass(minutes(5));
        restart(boot, minutes(1));
        compact();
        EXPECT_EQ(may("a").waiting_for, WaitingFor::account_budget) << boot;
    }
    // 17 minutes passed since the second login, 27 since the first, whatever the boots.
    EXPECT_EQ(may("a").at, now.boot + minutes(33) + Milliseconds(1));
}

TEST_F(LedgerTest, a_login_that_the_process_died_in_counts_as_spent) {
    set_budgets({1, hours(1)}, {1, hours(1)});
    (void)begin("a");
    pass(minutes(5));
    restart();
    EXPECT_EQ(ledger.memory("a").lost, 1U);
    EXPECT_EQ(may("a").at, now.boot + minutes(56) + Milliseconds(1));
    compact();
    restart();
    EXPECT_EQ(ledger.memory("a").lost, 1U);
    EXPECT_EQ(may("a").at, now.boot + minutes(56) + Milliseconds(1));
}

TEST_F(LedgerTest, a_login_that_nobody_will_hear_of_counts_from_then_on_as_spent) {
    set_budgets({1, hours(1)}, {9, hours(1)});
    const auto id = begin("a");
    put(ThrottleRecord{ledger.stamp(now), "r", seconds(1), 1});
    pass(minutes(2));
    ledger.enqueue("b", {});
    EXPECT_FALSE(may("b").now()) << "one at a time after a throttle";
    ledger.abandon(id, now.boot);
    EXPECT_EQ(ledger.take_woken(), std::vector<std::string>{"b"});
    EXPECT_TRUE(may("b").now());
    EXPECT_EQ(may("a").at, now.boot + hours(1) + Milliseconds(1));
    ledger.abandon(id, now.boot);  // is known already
    EXPECT_EQ(ledger.left("a", now.boot), 0U);
    compact();
    restart();
    EXPECT_EQ(ledger.memory("a").lost, 1U);
}

TEST_F(LedgerTest, a_record_that_is_there_twice_counts_once) {
    set_budgets({2, hours(1)}, {9, hours(1)});
    const auto id = begin("a");
    compact();  // while it runs, and its own record comes after
    put(AttemptRecord{ledger.stamp(now), id, "a", "r", Cause::need, false});
    end(id, "a");
    restart();
    EXPECT_EQ(ledger.left("a", now.boot), 1U);
    pass(hours(1) + Milliseconds(1));
    EXPECT_EQ(ledger.left("a", now.boot), 2U);
}

TEST_F(LedgerTest, realms_that_are_forgotten_have_the_default_budget) {
    set_budgets({9, hours(1)}, {1, hours(1)});
    log_in("a");
    EXPECT_FALSE(may("b").now());
    ledger.forget_realms();
    EXPECT_TRUE(may("b").now());
}

TEST_F(LedgerTest, a_wall_clock_that_steps_within_a_boot_frees_nothing_and_blocks_nothing) {
    set_budgets({1, hours(1)}, {9, hours(1)});
    log_in("a");
    for (const Milliseconds step :
         {Milliseconds(hours(24 * 730)), Milliseconds(-hours(24 * 1460))}) {
        now.wall += step;
        restart();
        EXPECT_EQ(may("a").at, now.boot + hours(1) + Milliseconds(1));
    }
    pass(hours(1) + Milliseconds(1));
    restart();
    EXPECT_TRUE(may("a").now());
}

TEST_F(LedgerTest, a_record_of_another_boot_that_lies_in_the_future_counts_as_now_and_only_once) {
    set_budgets({1, hours(1)}, {9, hours(1)});
    log_in("a");
    restart("boot-2", -hours(24 * 365));
    EXPECT_EQ(may("a").at, now.boot + hours(1) + Milliseconds(1));
    compact();
    pass(minutes(30));
    restart("boot-3");
    EXPECT_EQ(may("a").at, now.boot + minutes(30) + Milliseconds(1));
}

TEST_F(LedgerTest, a_clock_that_was_mended_after_the_logins_does_not_age_them) {
    set_budgets({1, hours(1)}, {9, hours(1)});
    now.wall -= hours(24 * 365);
    log_in("a");
    now.wall += hours(24 * 365);
    put(ClockRecord{ledger.stamp(now)});
    restart("boot-2", minutes(10));
    EXPECT_EQ(may("a").at, now.boot + minutes(50) + Milliseconds(1));
}

TEST_F(LedgerTest, after_a_lost_ledger_each_account_has_one_login_and_the_realm_its_pace) {
    set_budgets({5, hours(1)}, {4, hours(1)});
    put(LostRecord{ledger.stamp(now)});
    EXPECT_EQ(ledger.left("a", now.boot), 1U);
    log_in("a");
    EXPECT_EQ(ledger.left("a", now.boot), 0U);
    EXPECT_EQ(may("a").waiting_for, WaitingFor::account_budget);
    EXPECT_EQ(may("b").at, now.boot + minutes(15));
    compact();
    restart();
    EXPECT_EQ(may("b").at, now.boot + minutes(15));
    pass(minutes(15));
    EXPECT_TRUE(may("b").now());
    pass(minutes(45) + Milliseconds(1));
    EXPECT_TRUE(may("a").now());
}

TEST_F(LedgerTest, a_suspension_survives_restart_and_compaction_until_it_is_lifted) {
    put(SuspendedRecord{ledger.stamp(now), "a", "print", "login", 401, "no"});
    compact();
    restart("boot-2", minutes(1));
    EXPECT_EQ(ledger.memory("a").suspended, "print");
    EXPECT_EQ(ledger.memory("a").last_error->message, "no");
    EXPECT_EQ(ledger.memory("a").last_error->at, epoch);
    put(ResumedRecord{ledger.stamp(now), "a"});
    restart();
    EXPECT_EQ(ledger.memory("a").suspended, std::nullopt);
}

TEST_F(LedgerTest, an_account_that_leaves_and_comes_back_regains_no_budget) {
    set_budgets({1, hours(1)}, {9, hours(1)});
    log_in("a");
    ledger.remove_account("a");
    compact();
    restart();
    EXPECT_EQ(may("a").waiting_for, WaitingFor::account_budget);
}

TEST_F(LedgerTest, a_snapshot_holds_no_more_than_the_windows_need) {
    set_budgets({1000, hours(1)}, {1000, hours(1)});
    for (int n = 0; n < 500; ++n) {
        log_in("a");
        pass(minutes(1));
    }
    EXPECT_LE(ledger.snapshot(now).size(), 62U);
    compact();
    compact();
    restart();
    compact();
    EXPECT_LE(file.size(), 62U);
}

TEST_F(LedgerTest, the_long_window_of_one_account_makes_no_long_list_of_another) {
    set_budgets({1000, hours(1)}, {1000, hours(1)});
    ledger.set_account("c", "other", {1, hours(24 * 365)});
    log_in("c");
    for (int n = 0; n < 500; ++n) {
        log_in("a");
        pass(minutes(1));
    }
    EXPECT_LE(ledger.snapshot(now).size(), 63U);
}

TEST_F(LedgerTest, a_window_that_is_made_longer_starts_with_what_was_spent) {
    set_budgets({40, hours(1)}, {100, hours(1)});
    for (int n = 0; n < 40; ++n)
        log_in("a");
    pass(hours(30));
    log_in("b");
    compact();
    restart();
    set_budgets({40, hours(24 * 7)}, {100, hours(24 * 7)});
    EXPECT_EQ(ledger.left("a", now.boot), 8U) << "32 are remembered whatever their age";
    set_budgets({40, hours(1)}, {20, hours(24 * 7)});
    EXPECT_EQ(may("b").waiting_for, WaitingFor::realm_budget);
    pass(hours(24 * 366));
    log_in("b");
    EXPECT_LE(ledger.snapshot(now).size(), 1U) << "and none for ever";
}

TEST_F(LedgerTest, a_snapshot_means_the_same_as_what_it_was_made_of) {
    log_in("a", Cause::client);
    pass(seconds(20));
    log_in("b");
    put(ThrottleRecord{ledger.stamp(now), "r", minutes(3), 2});
    pass(minutes(1));
    restart();
    const auto before = std::pair(may("a", Cause::client).at, may("b").at);
    compact();
    restart();
    EXPECT_EQ(std::pair(may("a", Cause::client).at, may("b").at), before);
    EXPECT_EQ(ledger.throttles("r"), 2U);
}

}  // namespace
}  // namespace tokenbroker::core
