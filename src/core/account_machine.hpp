#pragma once

#include "base/time.hpp"
#include "core/account_settings.hpp"
#include "core/account_status.hpp"
#include "core/ledger.hpp"
#include "core/step.hpp"
#include "core/token.hpp"
#include "core/verdict.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace tokenbroker::core {

// How a call for a token is to be answered.
struct Reception {
    enum class Kind {
        serve,             // the current token will do
        wait,              // a login is under way or scheduled
        min_ttl_too_long,  // 400: no new token would live that long
        too_young,  // 503: nothing is sent while the token is younger than a twentieth of its life
        unknown,    // 400: a generation newer than any issued
    };
    Kind kind = Kind::wait;
    std::optional<Milliseconds> retry_after;  // with too_young
};

// How an admin's request is to be answered.
struct Admission {
    enum class Kind {
        scheduled,  // watch admin_progress()
        throttled,  // 503 login-throttled: the share is spent, or the upstream's not-before holds
        suspended,  // 503 token-unavailable: `resume` is what lifts that
        no_revoke,  // 409
    };
    Kind kind = Kind::scheduled;
    std::optional<Milliseconds> retry_after;  // with throttled
};
enum class AdminProgress { pending, done, failed };

// One account: when it logs in, refreshes, probes, waits and gives up (behaviour.md 1 to 12, 22).
// Pure: time is handed in, nothing is read or sent. Its shell is the account's coroutine:
//
//     loop: step = next(now, ledger)
//           Sleep    wait for its time or any event below
//           Attempt  append step.record durably (else ledger_failed()), ask may_still_send(), run
//           it, on_outcome() after each call: take_effects() and carry them out
//
// States, as login_state names them, and what ends them:
//     idle          nothing is due: a refresh time, a call, a rejection, an admin
//     in_progress   one attempt runs, whoever asked for it; its outcome
//     backing_off   a fault or an answer that fits nothing: retry_at; an admin
//     throttled     the upstream's not-before time, or a budget: retry_at; `clear_throttle` for the
//     first suspended     refused or misconfigured: another secret or configuration, or `resume`.
//     Never time
// Beside it the token is none, valid or expired; it is served in each of these states while it is
// valid.
class AccountMachine {
public:
    // Takes up what the ledger remembers: a suspension, a wait, the failures so far.
    AccountMachine(AccountSettings settings, const Ledger& ledger, Moment now);

    // -- the loop
    // --------------------------------------------------------------------------------------------
    // What to do now. Sleep while an attempt runs. Never the same Sleep{now}: time has to pass or
    // an event to come.
    [[nodiscard]] Step next(Moment now, Ledger& ledger);
    // The attempt's record can't be made durable: no login. The token is served on.
    void ledger_failed(const std::string& message, Moment now, Ledger& ledger);
    // After the record became durable: whether a throttle came in between. Then hand in unsent() as
    // its outcome.
    [[nodiscard]] bool may_still_send(Moment now, const Ledger& ledger) const;
    [[nodiscard]] static Outcome withheld();
    // What the running attempt came to. `draw` is uniform in [0, 1), new for each call.
    void on_outcome(const Outcome& outcome, double draw, Moment now, Ledger& ledger);
    [[nodiscard]] Effects take_effects() { return std::exchange(effects_, Effects{}); }

    // -- tokens
    // ----------------------------------------------------------------------------------------------
    // A sealed token was opened at start. can_refresh: what `refresh:` steps need was sealed with
    // it.
    void token_loaded(TokenTimes times, bool can_refresh, Moment now);
    // No token, but the last generation that is known of (a sealed file of another account, set
    // aside).
    void generation_seen(std::uint64_t generation) noexcept;
    [[nodiscard]] const TokenClock* token() const noexcept { return token_ ? &*token_ : nullptr; }
    [[nodiscard]] std::uint64_t last_generation() const noexcept { return last_generation_; }

    // -- calls
    // -----------------------------------------------------------------------------------------------
    // Somebody was served the current token. True: wake the loop (an account on demand is due).
    [[nodiscard]] bool asked(Moment now);
    // GET that the current token does not answer.
    [[nodiscard]] Reception ask(Milliseconds min_ttl, Moment now);
    // POST rejected. While it waits: rejection_settled() after each change.
    [[nodiscard]] Reception rejected(std::uint64_t generation, Moment now);
    // Whether such a call, made at `asked_at`, may be answered with the current token.
    [[nodiscard]] bool rejection_settled(std::uint64_t generation, BootTime asked_at,
                                         Moment now) const;
    // Around every wait that came of the two above.
    void call_waits() noexcept { ++waiting_; }
    void call_left() noexcept;
    // Whether an attempt runs or can start before `deadline`; if not, a waiting call ends now, with
    // a 503.
    [[nodiscard]] bool hope_until(BootTime deadline, Moment now, const Ledger& ledger) const;
    // Until the next attempt, for Retry-After: at least a second; none where it is not known.
    [[nodiscard]] std::optional<Milliseconds> retry_after(Moment now, const Ledger& ledger) const;
    // A login of cause client is wanted, and its share of the budget or the upstream holds it: 503
    // login-throttled.
    [[nodiscard]] bool client_throttled(Moment now, const Ledger& ledger) const;

    // -- admins
    // ----------------------------------------------------------------------------------------------
    [[nodiscard]] Admission admin_refresh(Moment now, const Ledger& ledger);
    [[nodiscard]] Admission admin_resume(bool clear_throttle, Moment now, Ledger& ledger);
    [[nodiscard]] Admission admin_revoke(Moment now, const Ledger& ledger);
    [[nodiscard]] AdminProgress admin_progress() const noexcept;

    // -- the world
    // -------------------------------------------------------------------------------------------
    // The secrets can be read; `fingerprint` is the keyed hash that Outcome::fingerprint speaks of.
    // At start, too.
    void secrets_readable(const std::string& fingerprint, Moment now, Ledger& ledger);
    void secrets_unreadable(const std::string& message, Moment now);
    // Same account, other settings (with another identity it is another machine).
    void configured(AccountSettings settings, Moment now, Ledger& ledger);
    // The wall clock was set, or the machine woke up.
    void clock_stepped(Moment now);
    // It leaves: its place in the realm's queue goes.
    void removed(Ledger& ledger);

    [[nodiscard]] AccountView view(Moment now, const Ledger& ledger) const;
    [[nodiscard]] const AccountSettings& settings() const noexcept { return settings_; }

private:
    AccountSettings settings_;
    Effects effects_;
    std::optional<TokenClock> token_;
    std::uint64_t last_generation_ = 0;
    unsigned waiting_ = 0;
};

}  // namespace tokenbroker::core
