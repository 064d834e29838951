// What became of an attempt to get a token.
#include "core/account_machine.hpp"
#include "core/account_text.hpp"
#include "core/backoff.hpp"

#include <algorithm>
#include <chrono>

namespace tokenbroker::core {
namespace {

constexpr unsigned most_refresh_failures = 3;

OutcomeRecord outcome_record(Stamp at, std::uint64_t id, const AccountSettings& settings) {
    OutcomeRecord record;
    record.at = std::move(at);
    record.id = id;
    record.account = settings.account;
    record.realm = settings.realm;
    return record;
}

}  // namespace

void AccountMachine::remember(const Outcome& outcome, Moment now) {
    last_error_ =
        LoginError{outcome.verdict, outcome.step, outcome.status, outcome.message, now.wall};
    // `expired` is no word of status: a login that is answered so fits nothing documented.
    if (outcome.verdict == Verdict::expired) last_error_->kind = Verdict::unexpected;
}

void AccountMachine::on_acquired(const Flight& flight, const Outcome& outcome, double draw,
                                 Moment now, Ledger& ledger) {
    clock_to_blame_ = false;
    if (outcome.verdict == Verdict::ok) {
        if (take_token(flight, outcome, draw, now, ledger)) return;
        Outcome strange = outcome;
        strange.verdict = Verdict::unexpected;
        if (strange.message.empty())
            strange.message = "the upstream gave no token that is valid now";
        clock_to_blame_ = outcome.token.has_value();
        login_failed(flight, strange, draw, now, ledger);
    } else if (outcome.held) {
        login_succeeded(flight, now, ledger);
        held_ = Held{flight.cause, now.boot, 0, 0, 0, 0, 0, false, false, false, {}};
        hold(flight, outcome, draw, now, ledger);
    } else {
        login_failed(flight, outcome, draw, now, ledger);
    }
}

bool AccountMachine::take_token(const Flight& flight, const Outcome& outcome, double draw,
                                Moment now, Ledger& ledger) {
    if (!outcome.token) return false;
    TokenClock fresh = TokenClock::issued(*outcome.token, last_generation_, draw, boot_id_, now);
    if (fresh.expired(now)) return false;
    held_.reset();
    failures_ = faults_ = throttles_ = unsent_ = refresh_failures_ = 0;
    not_before_.reset();
    login_succeeded(flight, now, ledger);
    client_ = ClientWant::nothing;
    if (admin_wants_) admin_progress_ = AdminProgress::done;
    if (revoke_wanted_) {
        admin_progress_ = AdminProgress::failed;
        notice(LogLevel::warn, "revoke_failed",
               "the token was replaced before it could be ended: the earlier one still works");
    }
    admin_wants_ = revoke_wanted_ = revoked_ = false;
    last_error_.reset();
    can_refresh_ = outcome.token->can_refresh;
    if (outcome.token->same_token && has_token(now)) {
        const bool later = token_->times().expires_at &&
                           fresh.left(now) > token_->left(now) + std::chrono::seconds(1);
        if (!later) {
            no_progress(now);
            return true;
        }
        fresh.same_since(token_->times().first_generation);
    } else {
        last_probe_.reset();
        recheck_at_.reset();
        probe_wanted_ = false;
    }
    token_ = std::move(fresh);
    last_generation_ = token_->times().generation;
    probes_from_ = now.boot;
    serving_ = true;
    token_note_.clear();
    if (!died_fresh_) fresh_refusals_ = 0;
    if (!died_early_) early_deaths_ = 0;
    died_fresh_ = died_early_ = false;
    stalls_ = 0;
    effects_.publication = Publication::fresh;
    effects_.times = token_->times();
    notice(LogLevel::info,
           flight.kind == AttemptKind::refresh ? "token_refreshed" : "login_succeeded",
           "a new token, generation " + std::to_string(last_generation_) +
               (token_->times().expires_at ? ", expires in " + describe_duration(token_->left(now))
                                           : std::string(", does not expire")));
    return true;
}

void AccountMachine::no_progress(Moment now) {
    ++stalls_;
    const Milliseconds wait = fault_wait(settings_.backoff, stalls_, token_->left(now));
    failures_ = stalls_;
    not_before_ = saturating_add(now.boot, wait);
    last_error_ =
        LoginError{Verdict::unexpected, "", std::nullopt,
                   "the upstream answered with the same token and expiry again", now.wall};
    notice(LogLevel::warn, "token_unchanged", last_error_->message + "; " + in_time(wait));
}

void AccountMachine::login_succeeded(const Flight& flight, Moment now, Ledger& ledger) {
    if (flight.id != 0) {
        OutcomeRecord record = outcome_record(ledger.stamp(now), flight.id, settings_);
        record.faults = faults_;
        record.throttles = throttles_;
        write(std::move(record), ledger);
    }
    if (flight.kind == AttemptKind::acquire && ledger.throttles(settings_.realm) > 0) {
        write(ThrottleRecord{ledger.stamp(now), settings_.realm, Milliseconds::zero(), 0}, ledger);
    }
}

Milliseconds AccountMachine::realm_throttled(const Outcome& outcome, unsigned own, double draw,
                                             Moment now, Ledger& ledger) {
    const unsigned row = ledger.throttles(settings_.realm) + 1;
    Milliseconds wait = throttled_wait(settings_.throttled_backoff, std::max(own, row), draw);
    if (outcome.retry_after) {
        wait = capped_retry_after(*outcome.retry_after);
        if (*outcome.retry_after > wait) {
            notice(LogLevel::warn, "retry_after_capped",
                   "the upstream asks for a wait of " + describe_duration(*outcome.retry_after) +
                       "; 24h is what it gets");
        }
    }
    write(ThrottleRecord{ledger.stamp(now), settings_.realm, wait, row}, ledger);
    return wait;
}

Milliseconds AccountMachine::wait_after(const Outcome& outcome, double draw, Moment now,
                                        Ledger& ledger) {
    switch (outcome.verdict) {
        case Verdict::throttled:
            ++throttles_;
            notice(LogLevel::warn, "login_throttled",
                   what_failed(outcome) + "; no login of realm " + settings_.realm + " for " +
                       describe_duration(realm_throttled(outcome, throttles_, draw, now, ledger)));
            return Milliseconds::zero();  // the realm's not-before time is what holds it
        case Verdict::unavailable: {
            const auto left = has_token(now) ? std::optional(token_->left(now)) : std::nullopt;
            const Milliseconds wait = outcome.sent ? fault_wait(settings_.backoff, ++faults_, left)
                                                   : unsent_wait(++unsent_);
            notice(LogLevel::warn, "login_unavailable",
                   what_failed(outcome) + "; " + in_time(wait));
            return wait;
        }
        default: {
            const Milliseconds wait =
                throttled_wait(settings_.throttled_backoff, ++throttles_, draw);
            notice(LogLevel::warn, "login_unexpected",
                   "an answer that fits nothing documented: " + what_failed(outcome) + "; " +
                       in_time(wait));
            return wait;
        }
    }
}

void AccountMachine::login_failed(const Flight& flight, const Outcome& outcome, double draw,
                                  Moment now, Ledger& ledger) {
    const bool refunded = !outcome.login_sent;
    const bool withheld = outcome.verdict == Verdict::throttled && !outcome.sent;
    Milliseconds wait{};
    if (!withheld) {
        ++failures_;
        remember(outcome, now);
        if (outcome.verdict != Verdict::refused && outcome.verdict != Verdict::misconfigured) {
            wait = wait_after(outcome, draw, now, ledger);
        }
        if (wait > Milliseconds::zero()) not_before_ = saturating_add(now.boot, wait);
        if (outcome.verdict != Verdict::unavailable || outcome.sent) unsent_ = 0;
        fail_admin();
    }
    if (flight.id != 0) {
        OutcomeRecord known = outcome_record(ledger.stamp(now), flight.id, settings_);
        known.verdict = outcome.verdict;
        known.refunded = refunded;
        known.failures = failures_;
        known.faults = faults_;
        known.throttles = throttles_;
        known.wait = outcome.sent ? wait : Milliseconds::zero();
        known.step = outcome.step;
        known.status = outcome.status;
        known.message = outcome.message;
        write(std::move(known), ledger);
    }
    if (outcome.verdict == Verdict::misconfigured) {
        misconfigured_ = true;
        notice(LogLevel::error, "login_misconfigured", what_failed(outcome));
    } else if (outcome.verdict == Verdict::refused) {
        const bool changed_meanwhile =
            fingerprint_ && fingerprint_ != flight.fingerprint && used_secrets() != *fingerprint_;
        notice(LogLevel::error, "login_refused", what_failed(outcome));
        if (!changed_meanwhile) suspend(*last_error_, now, ledger);
    }
}

void AccountMachine::on_refreshed(const Flight& flight, const Outcome& outcome, double draw,
                                  Moment now, Ledger& ledger) {
    Outcome result = outcome;
    if (result.verdict == Verdict::ok) {
        if (take_token(flight, result, draw, now, ledger)) return;
        result.verdict = Verdict::unexpected;
        result.message = "the refresh gave no token that is valid now";
    }
    // The kept value is the credential there: only `expired`, which speaks of itself, ends it.
    const bool is_login = settings_.kept_replaces_input;
    if (result.verdict == Verdict::throttled || result.verdict == Verdict::misconfigured ||
        (result.verdict == Verdict::refused && is_login)) {
        login_failed(flight, result, draw, now, ledger);
        return;
    }
    if (result.verdict == Verdict::refused || result.verdict == Verdict::expired) {
        can_refresh_ = false;
        result.verdict = Verdict::refused;
        remember(result, now);
        notice(LogLevel::warn, "refresh_refused", what_failed(result) + "; a login follows");
        if (flight.id == 0) return;
        write(outcome_record(ledger.stamp(now), flight.id, settings_), ledger);
        return;
    }
    if (result.sent) ++refresh_failures_;
    const bool unexpected = result.verdict == Verdict::unexpected;
    if (!is_login && refresh_failures_ >= most_refresh_failures &&
        (unexpected || !has_token(now))) {
        can_refresh_ = false;
        refresh_failures_ = 0;
        notice(LogLevel::warn, "refresh_given_up", what_failed(result) + "; a login follows");
    }
    result.verdict = Verdict::unavailable;  // the `backoff` ladder: no login is at stake
    login_failed(flight, result, draw, now, ledger);
    last_error_->kind =
        outcome.verdict == Verdict::unavailable ? Verdict::unavailable : Verdict::unexpected;
}

}  // namespace tokenbroker::core
