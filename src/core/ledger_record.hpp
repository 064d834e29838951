#pragma once

#include "base/time.hpp"
#include "core/budget.hpp"
#include "core/verdict.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

// What the durable login ledger holds: an append-only list of these values, in the order in which
// they were made. state/ encodes them, core/ makes them and counts from them. A member may be
// added, none may change its meaning; a reader takes a missing member as its default here.
namespace tokenbroker::core {

// Both clocks, and the boot that `boot` is of. Boot times may be negative (an earlier boot,
// restated).
struct Stamp {
    WallTime wall;
    BootTime boot;
    std::string boot_id;

    bool operator==(const Stamp&) const = default;
};

// A login is about to be sent. Durable before it is.
struct AttemptRecord {
    Stamp at;
    std::uint64_t id = 0;  // grows with each attempt; pairs it with its OutcomeRecord
    std::string account;
    std::string realm;
    Cause cause = Cause::need;
    bool settled = false;   // written by compaction: the outcome is known and told elsewhere; `at`
                            // is when it ended
    Milliseconds window{};  // the longest one that it counted in when it was made

    bool operator==(const AttemptRecord&) const = default;
};

// What became of it, and how the account goes on.
struct OutcomeRecord {
    Stamp at;
    std::uint64_t id = 0;  // 0: of no login (a refresh, a later step, or written by compaction)
    std::string account;
    std::string realm;
    Verdict verdict = Verdict::ok;
    bool refunded = false;   // the login was never sent: it counts against no budget
    unsigned failures = 0;   // failures in a row, this one included
    unsigned faults = 0;     // of them on the `backoff` ladder
    unsigned throttles = 0;  // of them on the `throttled_backoff` ladder
    Milliseconds wait{};     // no attempt of the account before `at` + wait
    std::string step;
    std::optional<int> status;
    std::string message;  // masked

    bool operator==(const OutcomeRecord&) const = default;
};

// The realm's upstream throttles: no login before `at` + wait. wait = 0: it let a login in again.
struct ThrottleRecord {
    Stamp at;
    std::string realm;
    Milliseconds wait{};
    unsigned throttles = 0;  // in a row, without one login let in between

    bool operator==(const ThrottleRecord&) const = default;
};

// An admin forgot the realm's not-before time.
struct ThrottleClearedRecord {
    Stamp at;
    std::string realm;

    bool operator==(const ThrottleClearedRecord&) const = default;
};

// The account makes no login until its fingerprint is another, or it is resumed.
struct SuspendedRecord {
    Stamp at;
    std::string account;
    std::string fingerprint;  // keyed; opaque here
    std::string step;
    std::optional<int> status;
    std::string message;  // masked

    bool operator==(const SuspendedRecord&) const = default;
};
struct ResumedRecord {
    Stamp at;
    std::string account;

    bool operator==(const ResumedRecord&) const = default;
};

// The wall clock was set: later records of this boot have another offset between the two clocks.
struct ClockRecord {
    Stamp at;

    bool operator==(const ClockRecord&) const = default;
};

// The ledger before this could not be read and was set aside: budgets count as spent from here but
// for one login an account, paced by the realm. state/ writes it first into the new file.
struct LostRecord {
    Stamp at;

    bool operator==(const LostRecord&) const = default;
};

using LedgerRecord =
    std::variant<AttemptRecord, OutcomeRecord, ThrottleRecord, ThrottleClearedRecord,
                 SuspendedRecord, ResumedRecord, ClockRecord, LostRecord>;

const Stamp& stamp_of(const LedgerRecord& record) noexcept;

}  // namespace tokenbroker::core
