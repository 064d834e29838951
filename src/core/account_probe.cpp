// The life and death of a token: probes, revocation, suspension.
#include "core/account_machine.hpp"

#include <algorithm>
#include <chrono>

namespace tokenbroker::core {
namespace {

// Younger than this, a refusal may be replication lag: asked once more, so much later.
constexpr Milliseconds fresh = std::chrono::seconds(60);
constexpr Milliseconds recheck_after = std::chrono::seconds(5);
constexpr unsigned most_deaths = 2;

bool says_no(Verdict verdict) noexcept {
    return verdict == Verdict::refused || verdict == Verdict::expired;
}

}  // namespace

void AccountMachine::on_probed(const Outcome& outcome, Moment now, Ledger& ledger) {
    last_probe_ = now.boot;
    const bool rechecked = recheck_at_.has_value();
    recheck_at_.reset();
    probe_wanted_ = false;
    if (!token_) return;
    if (outcome.verdict == Verdict::ok) {
        fresh_refusals_ = 0;
        return;
    }
    if (!says_no(outcome.verdict)) {
        notice(LogLevel::info, "probe_inconclusive",
               "the probe says nothing about the token: " +
                   (outcome.message.empty() ? std::string(verdict_name(outcome.verdict))
                                            : outcome.message));
        return;
    }
    if (!rechecked && token_->age(now) < fresh) {
        recheck_at_ = saturating_add(now.boot, recheck_after);
        notice(LogLevel::info, "token_refused_fresh",
               "the upstream refuses a token under 60 s old: asked again in 5 s");
        return;
    }
    died_fresh_ = rechecked;
    token_refused(now, ledger);
}

void AccountMachine::token_refused(Moment now, Ledger& ledger) {
    const Milliseconds age = token_->age(now);
    died_early_ = !died_fresh_ && age < token_->life() / 2;
    drop_token();
    notice(LogLevel::warn, "token_dropped",
           "the upstream refuses the token " + describe_duration(age) + " after its issue");
    if (died_early_ && ++early_deaths_ >= most_deaths) {
        notice(LogLevel::warn, "token_died_early",
               std::to_string(early_deaths_) +
                   " tokens in a row died before half of their life: does somebody else log in as "
                   "this account?");
    }
    if (died_fresh_ && ++fresh_refusals_ >= most_deaths) {
        const LoginError error{Verdict::refused, "probe", std::nullopt,
                               "the upstream refuses tokens that it has just issued", now.wall};
        last_error_ = error;
        suspend(error, now, ledger);
    }
}

void AccountMachine::drop_token() {
    token_.reset();
    token_note_.clear();
    serving_ = false;
    last_probe_.reset();
    recheck_at_.reset();
    probe_wanted_ = false;
    probes_from_.reset();
    effects_.publication = Publication::dropped;
    effects_.times.reset();
    stalls_ = 0;
}

void AccountMachine::on_revoked(const Outcome& outcome, Moment now) {
    if (outcome.verdict != Verdict::ok && !says_no(outcome.verdict)) {
        remember(outcome, now);
        fail_admin();
        notice(LogLevel::warn, "revoke_failed",
               "the token could not be revoked and is served on: " + outcome.message);
        return;
    }
    can_refresh_ = false;
    revoked_ = true;
    notice(LogLevel::warn, "token_revoked", "an admin ended the token; a login follows");
    if (token_) drop_token();
    if (stopped()) fail_admin();
}

std::string AccountMachine::used_secrets() const {
    return used_fingerprint_.empty() ? fingerprint_.value_or("") : used_fingerprint_;
}

void AccountMachine::suspend(const LoginError& error, Moment now, Ledger& ledger) {
    suspended_ = used_secrets();
    held_.reset();
    client_ = ClientWant::nothing;
    fail_admin();
    write(SuspendedRecord{ledger.stamp(now), settings_.account, *suspended_, error.step,
                          error.status, error.message},
          ledger);
    notice(
        LogLevel::error, "account_suspended",
        "no login until the secret or its settings change, or an admin resumes: " + error.message);
}

void AccountMachine::lift(const std::string& why, Moment now, Ledger& ledger) {
    suspended_.reset();
    failures_ = faults_ = throttles_ = unsent_ = 0;
    fresh_refusals_ = 0;
    not_before_.reset();
    write(ResumedRecord{ledger.stamp(now), settings_.account}, ledger);
    notice(LogLevel::info, "suspension_lifted", why);
}

}  // namespace tokenbroker::core
