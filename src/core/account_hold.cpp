// Steps that failed after a good login: the login's result is held in memory, and they go on from
// there.
#include "core/account_machine.hpp"
#include "core/account_text.hpp"
#include "core/backoff.hpp"

#include <algorithm>

namespace tokenbroker::core {
namespace {

// After so many answers that are not ok, throttled or unavailable a step is given up.
constexpr unsigned most_refusals = 3;

}  // namespace

void AccountMachine::on_continued(const Flight& flight, const Outcome& outcome, double draw,
                                  Moment now, Ledger& ledger) {
    if (outcome.verdict == Verdict::ok) {
        const std::string given_up = held_ && held_->skip_step ? held_->step : std::string();
        if (take_token(flight, outcome, draw, now, ledger)) {
            if (!given_up.empty()) {
                token_note_ =
                    "the step " + given_up + " failed for good; what was taken before it is served";
            }
            return;
        }
        Outcome strange = outcome;
        strange.verdict = Verdict::expired;
        hold(flight, strange, draw, now, ledger);
        return;
    }
    hold(flight, outcome, draw, now, ledger);
}

void AccountMachine::hold(const Flight& flight, const Outcome& outcome, double draw, Moment now,
                          Ledger& ledger) {
    if (!held_) return;
    Held& held = *held_;
    if (held.step != outcome.step) held.refusals = 0;
    held.step = outcome.step;
    held.throttled = outcome.verdict == Verdict::throttled;
    held.optional_step = outcome.optional_step;
    failures_ = std::max(failures_, ++held.failures);
    remember(outcome, now);
    const auto left = has_token(now) ? std::optional(token_->left(now)) : std::nullopt;
    Milliseconds wait = shortest_wait;
    bool again = false;  // the login's result is of no use: from the start
    switch (outcome.verdict) {
        case Verdict::throttled:
            wait = realm_throttled(outcome, ++held.throttles, draw, now, ledger);
            break;
        case Verdict::unavailable:
            wait = outcome.sent ? fault_wait(settings_.backoff, ++held.faults, left)
                                : unsent_wait(++held.unsent);
            break;
        case Verdict::misconfigured:
            held_.reset();
            misconfigured_ = true;
            fail_admin();
            notice(LogLevel::error, "login_misconfigured", what_failed(outcome));
            return;
        case Verdict::refused:
            if (!held.optional_step) {
                held_.reset();
                notice(LogLevel::error, "login_refused", what_failed(outcome));
                suspend(*last_error_, now, ledger);
                return;
            }
            [[fallthrough]];
        default:
            ++held.refusals;
            wait = fault_wait(settings_.backoff, ++held.faults, left);
            again = held.skip_step ||
                    (!held.optional_step &&
                     (outcome.verdict == Verdict::expired || held.refusals >= most_refusals));
    }
    if (held.optional_step && held.refusals >= most_refusals && !held.skip_step) {
        held.skip_step = true;
        held.retry_at = now.boot;
        notice(LogLevel::warn, "optional_step_given_up",
               what_failed(outcome) + "; what was taken before it is served");
        return;
    }
    if (again) {
        held_.reset();
        login_failed(Flight{AttemptKind::continue_steps, flight.cause, 0, flight.fingerprint},
                     outcome, draw, now, ledger);
        return;
    }
    held.retry_at = saturating_add(now.boot, wait);
    notice(LogLevel::warn, "step_failed",
           what_failed(outcome) + "; the login's result is kept; " + in_time(wait));
}

}  // namespace tokenbroker::core
