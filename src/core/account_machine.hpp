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
    // Before the first next() of accounts that start together: one whose login is due takes its
    // place in the realm's queue, so that need decides who goes first, and not who asks first.
    void line_up(Moment now, Ledger& ledger);
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
    // A sealed token was opened at start, before the first next(). can_refresh: what `refresh:`
    // steps need was sealed with it.
    void token_loaded(TokenTimes times, bool can_refresh, Moment now);
    // The last generation that is known of (a sealed file that was set aside, an account of this
    // name that left).
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
    // The key of fingerprints was replaced: what was `before` under the old one is `after` now. A
    // suspension stays tied to the same secrets. Before secrets_readable().
    void fingerprint_rekeyed(const std::string& before, const std::string& after, Moment now,
                             Ledger& ledger);
    // Same account, other settings (with another identity it is another machine).
    void configured(AccountSettings settings, Moment now, Ledger& ledger);
    // The wall clock was set, or the machine woke up.
    void clock_stepped(Moment now);
    // It leaves: its place in the realm's queue goes, and a login that runs counts as spent, since
    // nobody will hear what became of it.
    void removed(Moment now, Ledger& ledger);

    [[nodiscard]] AccountView view(Moment now, const Ledger& ledger) const;
    [[nodiscard]] const AccountSettings& settings() const noexcept { return settings_; }

private:
    struct Flight {
        AttemptKind kind;
        Cause cause;
        std::uint64_t id;                        // 0: spends no login
        std::optional<std::string> fingerprint;  // of the secrets when it began
    };
    // A login that succeeded; a later step did not yet.
    struct Held {
        Cause cause;
        BootTime retry_at;
        unsigned failures = 0;  // in a row
        unsigned faults = 0;    // of them after the send
        unsigned unsent = 0;    // of them before it
        unsigned throttles = 0;
        unsigned refusals = 0;  // answers that are not ok, throttled or unavailable
        bool optional_step = false;
        bool skip_step = false;
        bool throttled = false;
        std::string step;
    };
    // What holds an attempt back, and what it is for.
    struct Plan {
        std::optional<Attempt> attempt;      // may start now; the record is made when it does
        std::optional<BootTime> attempt_at;  // when the next one may: now or later
        WaitingFor waiting_for = WaitingFor::nothing;
        bool queues = false;           // for the realm alone
        std::optional<BootTime> wake;  // the earliest time at which anything changes by itself
    };
    struct Route {  // one way to a new token
        AttemptKind kind = AttemptKind::acquire;
        Cause cause = Cause::need;
        bool spends_login = true;
        Permission permission;
    };
    enum class ClientWant { nothing, longer_life, another_token };

    // account_plan.cpp
    [[nodiscard]] Plan plan(Moment now, const Ledger& ledger) const;
    void plan_login(Plan& plan, Moment now, const Ledger& ledger) const;
    [[nodiscard]] Route route(Cause cause, Moment now, const Ledger& ledger) const;
    [[nodiscard]] bool needs_login(Moment now) const;
    [[nodiscard]] bool may_refresh_now(Moment now) const;
    [[nodiscard]] std::optional<BootTime> probe_due() const;
    [[nodiscard]] std::optional<BootTime> token_changes_at(Moment now) const;
    [[nodiscard]] Priority priority(Moment now) const;
    [[nodiscard]] bool stopped() const noexcept { return suspended_ || misconfigured_; }
    [[nodiscard]] bool has_token(Moment now) const { return token_ && token_->valid(now); }
    [[nodiscard]] Milliseconds retry_wait() const { return settings_.backoff.step(1); }

    // account_outcome.cpp
    void on_acquired(const Flight& flight, const Outcome& outcome, double draw, Moment now,
                     Ledger& ledger);
    void on_continued(const Flight& flight, const Outcome& outcome, double draw, Moment now,
                      Ledger& ledger);
    void on_refreshed(const Flight& flight, const Outcome& outcome, double draw, Moment now,
                      Ledger& ledger);
    bool take_token(const Flight& flight, const Outcome& outcome, double draw, Moment now,
                    Ledger& ledger);
    void no_progress(Moment now);
    void login_succeeded(const Flight& flight, Moment now, Ledger& ledger);
    void login_failed(const Flight& flight, const Outcome& outcome, double draw, Moment now,
                      Ledger& ledger);
    void hold(const Flight& flight, const Outcome& outcome, double draw, Moment now,
              Ledger& ledger);
    [[nodiscard]] Milliseconds wait_after(const Outcome& outcome, double draw, Moment now,
                                          Ledger& ledger);
    [[nodiscard]] Milliseconds realm_throttled(const Outcome& outcome, unsigned own, double draw,
                                               Moment now, Ledger& ledger);
    void fail_admin() noexcept;
    void write(LedgerRecord record, Ledger& ledger);
    void notice(LogLevel level, std::string_view event, std::string message);
    void remember(const Outcome& outcome, Moment now);

    // account_probe.cpp
    void on_probed(const Outcome& outcome, Moment now, Ledger& ledger);
    void on_revoked(const Outcome& outcome, Moment now);
    void token_refused(Moment now, Ledger& ledger);
    void drop_token();
    // Latched to the secrets that were used: what is there now may be another, or not be known.
    void suspend(const LoginError& error, Moment now, Ledger& ledger);
    [[nodiscard]] std::string used_secrets() const;
    void lift(const std::string& why, Moment now, Ledger& ledger);
    void notice_expiry(Moment now);

    AccountSettings settings_;
    std::string boot_id_;
    Effects effects_;

    std::optional<TokenClock> token_;
    bool serving_ = false;      // token_ was valid when last looked at
    bool can_refresh_ = false;  // what `refresh:` steps need is there
    std::uint64_t last_generation_ = 0;
    std::string token_note_;

    std::optional<Flight> flight_;
    std::optional<Held> held_;
    std::optional<BootTime> last_end_;    // of an attempt to get a token
    std::optional<BootTime> not_before_;  // of this account, after a fault or a strange answer
    unsigned failures_ = 0;               // in a row
    unsigned faults_ = 0;                 // of them on the `backoff` ladder
    unsigned throttles_ = 0;              // of them on the `throttled_backoff` ladder
    unsigned unsent_ = 0;                 // in a row, before anything was sent
    unsigned refresh_failures_ = 0;
    bool clock_to_blame_ = false;  // not_before_ comes of a token that was issued expired
    std::optional<LoginError> last_error_;
    std::optional<WallTime> last_attempt_at_;

    std::optional<std::string> suspended_;  // the fingerprint that it is latched to
    bool misconfigured_ = false;
    std::optional<std::string> fingerprint_;  // of the secrets now
    std::string used_fingerprint_;            // of those that the last login or refresh used

    unsigned waiting_ = 0;
    std::optional<BootTime> asked_at_;
    ClientWant client_ = ClientWant::nothing;
    bool admin_wants_ = false;
    bool revoke_wanted_ = false;
    bool revoked_ = false;  // no token because an admin ended it
    AdminProgress admin_progress_ = AdminProgress::done;

    bool probe_wanted_ = false;
    std::optional<BootTime> recheck_at_;  // a fresh token was refused: ask once more
    std::optional<BootTime> last_probe_;  // when the last one ended, of the token that is there
    std::optional<BootTime> probes_from_;
    unsigned fresh_refusals_ = 0;  // tokens in a row that were refused when they were fresh
    unsigned early_deaths_ = 0;    // tokens in a row that died before half of their life
    bool died_fresh_ = false;      // the last one did
    bool died_early_ = false;
    unsigned stalls_ = 0;  // in a row: the upstream gave the same token and expiry again
};

}  // namespace tokenbroker::core
