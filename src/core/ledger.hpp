#pragma once

#include "base/time.hpp"
#include "core/budget.hpp"
#include "core/ledger_record.hpp"
#include "core/realm_book.hpp"
#include "core/verdict.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tokenbroker::core {

// What the ledger remembers of an account from before: how its last login went on.
struct AccountMemory {
    unsigned failures = 0;
    unsigned faults = 0;
    unsigned throttles = 0;
    unsigned lost = 0;  // logins in a row whose outcome nobody knows: the process died in them
    std::optional<BootTime> not_before;  // of the account alone
    std::optional<BootTime> last_attempt;
    std::optional<BootTime> last_end;
    std::optional<WallTime> last_attempt_at;
    std::optional<LoginError> last_error;
    std::optional<std::string> suspended;  // the fingerprint that the latch is tied to
};

// When a login may be sent, and what holds it until then (nothing: `at` is now).
struct Permission {
    BootTime at;
    WaitingFor waiting_for = WaitingFor::nothing;
    bool realm_only = false;  // the account itself could go now: it belongs in the realm's queue

    [[nodiscard]] bool now() const noexcept { return waiting_for == WaitingFor::nothing; }
};

// The login ledger in memory: budgets of accounts and realms, not-before times, suspensions,
// counted from the records. One for all accounts. It writes nothing: whoever makes a record applies
// it here and hands it to state/, which appends it (an attempt's before its request is sent). When
// the wall clock was set, the shell appends a ClockRecord.
//
// Time (behaviour.md 22): records of this boot count by boot time. Those of earlier boots are
// placed by the wall clock once, when they are loaded (one in the future counts as now), and by
// boot time from then on; a wall clock that steps afterwards moves nothing.
class Ledger {
public:
    explicit Ledger(std::string boot_id) : boot_id_(std::move(boot_id)) {}

    [[nodiscard]] const std::string& boot_id() const noexcept { return boot_id_; }
    [[nodiscard]] Stamp stamp(Moment now) const { return {now.wall, now.boot, boot_id_}; }

    // Budgets, from the configuration; may be set anew at any time. Set them before load(). A realm
    // that nobody set has the default budget; forget_realms() makes that of all.
    void set_realm(const std::string& realm, Budget budget);
    void forget_realms();
    void set_account(const std::string& account, const std::string& realm, Budget budget);
    // It left the configuration. What it spent stays counted.
    void remove_account(const std::string& account);

    // Everything that the file holds, in its order; once, before the first apply(). A login without
    // outcome (the process died in it) counts as spent.
    void load(const std::vector<LedgerRecord>& records, Moment now);
    // Counts one record made now.
    void apply(const LedgerRecord& record);
    // Nobody will tell what became of this login: it counts as spent.
    void abandon(std::uint64_t attempt, BootTime now);
    // The records that a new file has to hold to mean the same, restated for this boot: compaction.
    [[nodiscard]] std::vector<LedgerRecord> snapshot(Moment now) const;

    // The longest window that a login of this account counts in.
    [[nodiscard]] Milliseconds window_of(const std::string& account) const;
    [[nodiscard]] std::uint64_t next_attempt_id() const noexcept { return last_id_ + 1; }

    // When (account, its realm) may log in for this cause.
    [[nodiscard]] Permission permission(const std::string& account, Cause cause,
                                        const Priority& priority, BootTime now) const;
    // The realm's not-before time where it has not passed; it holds refreshes without a login too.
    [[nodiscard]] std::optional<BootTime> not_before(const std::string& realm, BootTime now) const;
    [[nodiscard]] unsigned throttles(const std::string& realm) const;

    // An account that waits only for its realm stands in the realm's queue, so that the next login
    // goes to the one that needs it most.
    void enqueue(const std::string& account, const Priority& priority);
    void dequeue(const std::string& account);
    // Accounts whose permission may have come nearer since the last call (a refund, a cleared
    // throttle): the shell asks their machines again. Empty most of the time.
    [[nodiscard]] std::vector<std::string> take_woken();

    [[nodiscard]] AccountMemory memory(const std::string& account) const;
    // Logins of the account's budget that are left.
    [[nodiscard]] unsigned left(const std::string& account, BootTime now) const;

private:
    struct Past {
        std::uint64_t id;
        BootTime began;
        BootTime ended;
        Cause cause;
        std::string realm;
        bool open;  // no outcome: the process died in it
        Milliseconds window;
    };
    struct Account {
        std::string realm;
        Budget budget;
        Window window;
        std::deque<Past> past;
        AccountMemory memory;
        std::optional<BootTime> error_at;  // of memory.last_error
        std::optional<BootTime> suspended_at;
        std::optional<Priority> queued;
    };
    struct Running {
        std::string account;
        std::string realm;
        Cause cause;
        BootTime began;
        Milliseconds window;
    };

    void count(const AttemptRecord& record, BootTime when);
    void count(const OutcomeRecord& record, BootTime when);
    void count(const ThrottleRecord& record, BootTime when);
    void count(const ThrottleClearedRecord& record, BootTime when);
    void count(const SuspendedRecord& record, BootTime when);
    void count(const ResumedRecord& record, BootTime when);
    static void count(const ClockRecord& /*record*/, BootTime /*when*/) {}
    void count(const LostRecord& record, BootTime when);

    void settle(const OutcomeRecord& record, BootTime when);
    void close_open(BootTime now);
    [[nodiscard]] Milliseconds window_of(const Account& account, const std::string& realm) const;
    [[nodiscard]] bool counts_no_more(const Account& account, std::size_t index,
                                      BootTime now) const;
    void forget_old(Account& account, BootTime now) const;
    void wake(const RealmBook& realm);
    [[nodiscard]] BootTime account_earliest(const Account& account, Cause cause,
                                            BootTime now) const;
    [[nodiscard]] Stamp restated(BootTime when, Moment now) const;
    void snapshot_account(const std::string& name, const Account& account, Moment now,
                          std::vector<LedgerRecord>& records) const;

    std::string boot_id_;
    std::uint64_t last_id_ = 0;
    std::map<std::string, Account> accounts_;
    std::map<std::string, RealmBook> realms_;
    std::map<std::uint64_t, Running> running_;
    std::optional<BootTime> lost_;  // the ledger before this could not be read
    std::vector<std::string> woken_;
};

}  // namespace tokenbroker::core
