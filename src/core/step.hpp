#pragma once

#include "base/log.hpp"
#include "base/time.hpp"
#include "core/budget.hpp"
#include "core/ledger_record.hpp"
#include "core/token.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// What the account machine tells its shell to do.
namespace tokenbroker::core {

// Until boot time `until` (none: for good) or an event. The wall clock's steps are events.
struct Sleep {
    std::optional<BootTime> until;
};

enum class AttemptKind {
    acquire,         // run the recipe's `acquire` steps from the first one
    continue_steps,  // go on from the step that failed, with what the login gave held in memory
    refresh,         // run `refresh`
    probe,           // ask the upstream whether the token works
    revoke,          // run `revoke`
};
std::string_view attempt_kind_name(AttemptKind kind) noexcept;

// One thing to run now. Each ends in exactly one on_outcome() or ledger_failed().
struct Attempt {
    AttemptKind kind = AttemptKind::acquire;
    Cause cause = Cause::need;
    // Has to be durable before anything is sent; there where the attempt spends a login.
    std::optional<AttemptRecord> record;
    // With continue_steps: leave out the optional step that failed for good; serve what was taken
    // without it.
    bool skip_failed_step = false;

    [[nodiscard]] bool spends_login() const noexcept { return record.has_value(); }
};

using Step = std::variant<Sleep, Attempt>;

// Something that an operator or a metric wants to know: one log line. Events are stable names.
struct Notice {
    LogLevel level = LogLevel::info;
    std::string_view event;  // a literal: "login_refused"
    std::string message;     // one sentence, without secrets
};

// What becomes of the token that is served.
enum class Publication {
    none,
    fresh,       // serve the token of the outcome just handed in, with these times
    reanchored,  // serve the same token with these times, and seal them
    resumed,     // serve the same token with these times (it was loaded); nothing to seal
    dropped,     // serve none: it was refused or revoked; its sealed file goes too
    expired,     // serve none: its time is over
};

// What an event or an outcome brought about, drained by the shell after each call.
struct Effects {
    std::vector<LedgerRecord>
        records;  // to append, in this order; the model has counted them already
    std::vector<Notice> notices;
    Publication publication = Publication::none;
    std::optional<TokenTimes> times;  // with fresh, reanchored and resumed
};

}  // namespace tokenbroker::core
