#include "core/account_machine.hpp"

#include <algorithm>
#include <chrono>

namespace tokenbroker::core {

AccountMachine::AccountMachine(AccountSettings settings, const Ledger& ledger, Moment now)
    : settings_(std::move(settings)), boot_id_(ledger.boot_id()) {
    const AccountMemory memory = ledger.memory(settings_.account);
    failures_ = memory.failures;
    faults_ = memory.faults;
    throttles_ = memory.throttles;
    not_before_ = memory.not_before;
    last_end_ = std::max(memory.last_end, memory.last_attempt);
    last_error_ = memory.last_error;
    last_attempt_at_ = memory.last_attempt_at;
    suspended_ = memory.suspended;
    // The process died in its last login, which is tried again at once; in more than one in a row,
    // and this is a crash loop, which climbs the ladder as any fault does.
    if (memory.lost > 1 && memory.last_attempt) {
        faults_ += memory.lost - 1;
        failures_ += memory.lost - 1;
        const BootTime until =
            saturating_add(*memory.last_attempt, settings_.backoff.step(memory.lost - 1));
        not_before_ = std::max(not_before_.value_or(until), until);
    }
    if (last_end_ && *last_end_ > now.boot) last_end_ = now.boot;
    if (suspended_) {
        notice(LogLevel::warn, "account_suspended",
               "still suspended: " + (last_error_ ? last_error_->message : std::string("refused")));
    }
}

void AccountMachine::notice(LogLevel level, std::string_view event, std::string message) {
    effects_.notices.push_back({level, event, std::move(message)});
}

void AccountMachine::fail_admin() noexcept {
    if (admin_wants_) admin_progress_ = AdminProgress::failed;
    admin_wants_ = false;
}

void AccountMachine::write(LedgerRecord record, Ledger& ledger) {
    ledger.apply(record);
    effects_.records.push_back(std::move(record));
}

void AccountMachine::notice_expiry(Moment now) {
    const bool valid = has_token(now);
    if (serving_ && !valid) {
        effects_.publication = Publication::expired;
        effects_.times.reset();
        notice(settings_.on_demand ? LogLevel::info : LogLevel::error, "token_expired",
               "the token expired without a successor");
    } else if (!serving_ && valid && effects_.publication == Publication::none) {
        effects_.publication = Publication::resumed;  // its issue time has come
        effects_.times = token_->times();
    }
    serving_ = valid;
}

Step AccountMachine::next(Moment now, Ledger& ledger) {
    notice_expiry(now);
    if (flight_) return Sleep{token_changes_at(now)};
    Plan plan = this->plan(now, ledger);
    if (!plan.attempt) {
        if (plan.queues) {
            ledger.enqueue(settings_.account, priority(now));
        } else {
            ledger.dequeue(settings_.account);
        }
        return Sleep{plan.wake};
    }
    const Attempt& attempt = *plan.attempt;
    flight_ = Flight{attempt.kind, attempt.cause, 0, fingerprint_};
    if (attempt.record) {
        flight_->id = attempt.record->id;
        last_attempt_at_ = now.wall;
        ledger.apply(*attempt.record);
    }
    if (attempt.kind == AttemptKind::probe) {
        probe_wanted_ = false;
    } else if (attempt.kind == AttemptKind::revoke) {
        revoke_wanted_ = false;
    }
    return attempt;
}

void AccountMachine::line_up(Moment now, Ledger& ledger) {
    const Plan plan = this->plan(now, ledger);
    const bool may_log_in = plan.attempt && plan.attempt->record;
    if (may_log_in || plan.queues) ledger.enqueue(settings_.account, priority(now));
}

bool AccountMachine::may_still_send(Moment now, const Ledger& ledger) const {
    return !ledger.not_before(settings_.realm, now.boot);
}

Outcome AccountMachine::withheld() {
    Outcome outcome;
    outcome.verdict = Verdict::throttled;
    outcome.login_sent = false;
    outcome.sent = false;
    return outcome;
}

void AccountMachine::ledger_failed(const std::string& message, Moment now, Ledger& ledger) {
    if (!flight_) return;
    const Flight flight = *flight_;
    flight_.reset();
    ++failures_;
    ++unsent_;
    not_before_ = saturating_add(now.boot, unsent_wait(unsent_));
    last_end_ = now.boot;
    last_error_ = LoginError{Verdict::misconfigured, "", std::nullopt,
                             "the login ledger can't be written: " + message, now.wall};
    OutcomeRecord refund;  // counted only: the file is what can't be written
    refund.at = ledger.stamp(now);
    refund.id = flight.id;
    refund.account = settings_.account;
    refund.realm = settings_.realm;
    refund.verdict = Verdict::misconfigured;
    refund.refunded = true;
    refund.failures = failures_;
    refund.faults = faults_;
    refund.throttles = throttles_;
    refund.message = last_error_->message;
    ledger.apply(refund);
    fail_admin();
    notice(LogLevel::error, "ledger_failed",
           last_error_->message + "; no login is made until it can");
}

void AccountMachine::on_outcome(const Outcome& outcome, double draw, Moment now, Ledger& ledger) {
    if (!flight_) return;
    const Flight flight = *flight_;
    flight_.reset();
    const bool asked_for_token =
        flight.kind != AttemptKind::probe && flight.kind != AttemptKind::revoke;
    if (asked_for_token && !outcome.fingerprint.empty()) used_fingerprint_ = outcome.fingerprint;
    switch (flight.kind) {
        case AttemptKind::acquire:
            on_acquired(flight, outcome, draw, now, ledger);
            break;
        case AttemptKind::continue_steps:
            on_continued(flight, outcome, draw, now, ledger);
            break;
        case AttemptKind::refresh:
            on_refreshed(flight, outcome, draw, now, ledger);
            break;
        case AttemptKind::probe:
            on_probed(outcome, now, ledger);
            return;
        case AttemptKind::revoke:
            on_revoked(outcome, now);
            return;
    }
    last_end_ = now.boot;
}

void AccountMachine::token_loaded(TokenTimes times, bool can_refresh, Moment now) {
    last_generation_ = std::max(last_generation_, times.generation);
    token_ = TokenClock::loaded(std::move(times), boot_id_, now);
    can_refresh_ = can_refresh;
    probes_from_ = now.boot;
    clock_stepped(now);  // while we were not running
    if (effects_.publication == Publication::none) notice_expiry(now);
}

void AccountMachine::generation_seen(std::uint64_t generation) noexcept {
    last_generation_ = std::max(last_generation_, generation);
}

void AccountMachine::secrets_readable(const std::string& fingerprint, Moment now, Ledger& ledger) {
    fingerprint_ = fingerprint;
    if (misconfigured_) {
        misconfigured_ = false;
        notice(LogLevel::info, "secrets_readable", "what was misconfigured has changed");
    }
    if (suspended_ && *suspended_ != fingerprint)
        lift("the secret or its settings changed", now, ledger);
}

void AccountMachine::fingerprint_rekeyed(const std::string& before, const std::string& after,
                                         Moment now, Ledger& ledger) {
    if (!suspended_ || *suspended_ != before) return;
    suspended_ = after;
    const LoginError error =
        last_error_.value_or(LoginError{Verdict::refused, "", std::nullopt, "", now.wall});
    const Stamp then{error.at, saturating_add(now.boot, error.at - now.wall), boot_id_};
    write(SuspendedRecord{then, settings_.account, after, error.step, error.status, error.message},
          ledger);
}

void AccountMachine::secrets_unreadable(const std::string& message, Moment now) {
    if (!misconfigured_) {
        notice(LogLevel::error, "login_misconfigured", message);
    }
    misconfigured_ = true;
    fail_admin();
    last_error_ = LoginError{Verdict::misconfigured, "", std::nullopt, message, now.wall};
}

void AccountMachine::configured(AccountSettings settings, Moment now, Ledger& ledger) {
    ledger.dequeue(settings_.account);
    settings_ = std::move(settings);
    if (!settings_.has_probe) {
        probe_wanted_ = false;
        recheck_at_.reset();
    }
    if (!probes_from_) probes_from_ = now.boot;
}

void AccountMachine::clock_stepped(Moment now) {
    if (clock_to_blame_) {
        clock_to_blame_ = false;
        not_before_.reset();
    }
    if (!token_) return;
    auto moved = token_->reanchored(last_generation_, now);
    if (!moved) return;
    last_generation_ = moved->times().generation;
    token_ = std::move(*moved);
    if (!has_token(now)) return;
    serving_ = true;
    effects_.publication = Publication::reanchored;
    effects_.times = token_->times();
    notice(LogLevel::info, "token_reanchored",
           "the wall clock was set: the token's times follow, under a new generation");
}

void AccountMachine::removed(Moment now, Ledger& ledger) {
    ledger.dequeue(settings_.account);
    if (flight_ && flight_->id != 0) ledger.abandon(flight_->id, now.boot);
}

}  // namespace tokenbroker::core
