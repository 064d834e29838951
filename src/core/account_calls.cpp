// What clients and admins ask for.
#include "core/account_machine.hpp"
#include "core/refresh_policy.hpp"

#include <algorithm>
#include <chrono>

namespace tokenbroker::core {
namespace {

constexpr Milliseconds probe_shared = std::chrono::seconds(10);
// An admin's login that the realm's pace delays by less is scheduled, not refused.
constexpr Milliseconds short_delay = std::chrono::seconds(5);

}  // namespace

bool AccountMachine::asked(Moment now) {
    asked_at_ = now.boot;
    if (!settings_.on_demand || flight_ || !has_token(now)) return false;
    const auto due = until_refresh(settings_.refresh, *token_, retry_wait(), now);
    return due && *due <= Milliseconds::zero();
}

Reception AccountMachine::ask(Milliseconds min_ttl, Moment now) {
    asked_at_ = now.boot;
    const bool valid = has_token(now);
    if (valid && token_->left(now) >= min_ttl) return {Reception::Kind::serve, std::nullopt};
    const std::optional<Milliseconds> life =
        settings_.lifetime ? settings_.lifetime
                           : (token_ ? std::optional(token_->life()) : std::nullopt);
    if (life && min_ttl > *life) return {Reception::Kind::min_ttl_too_long, std::nullopt};
    if (!valid) return {Reception::Kind::wait, std::nullopt};
    const Milliseconds young = token_->life() / 20;
    if (token_->age(now) < young) {
        return {Reception::Kind::too_young, std::max(young - token_->age(now), shortest_wait)};
    }
    if (!stopped()) client_ = std::max(client_, ClientWant::longer_life);
    return {Reception::Kind::wait, std::nullopt};
}

Reception AccountMachine::rejected(std::uint64_t generation, Moment now) {
    asked_at_ = now.boot;
    if (generation > last_generation_) return {Reception::Kind::unknown, std::nullopt};
    if (!has_token(now)) return ask(Milliseconds::zero(), now);
    if (generation < token_->times().first_generation)
        return {Reception::Kind::serve, std::nullopt};
    if (!settings_.has_probe) {
        if (!stopped()) client_ = ClientWant::another_token;
        return {Reception::Kind::wait, std::nullopt};
    }
    if (recheck_at_ || (flight_ && flight_->kind == AttemptKind::probe)) {
        return {Reception::Kind::wait, std::nullopt};
    }
    if (last_probe_ && now.boot - *last_probe_ <= probe_shared)
        return {Reception::Kind::serve, std::nullopt};
    probe_wanted_ = true;
    return {Reception::Kind::wait, std::nullopt};
}

bool AccountMachine::rejection_settled(std::uint64_t generation, BootTime asked_at,
                                       Moment now) const {
    if (!has_token(now)) return false;
    if (generation < token_->times().first_generation) return true;
    if (!settings_.has_probe || probe_wanted_ || recheck_at_) return false;
    if (flight_ && flight_->kind == AttemptKind::probe) return false;
    return last_probe_ && *last_probe_ >= saturating_add(asked_at, -probe_shared);
}

void AccountMachine::call_left() noexcept {
    if (waiting_ > 0) --waiting_;
    // Nobody is left who wanted a longer life; a token that was reported dead is still to be
    // replaced.
    if (waiting_ == 0 && client_ == ClientWant::longer_life) client_ = ClientWant::nothing;
}

bool AccountMachine::hope_until(BootTime deadline, Moment now, const Ledger& ledger) const {
    if (flight_) return true;
    const Plan next = plan(now, ledger);
    return next.attempt_at && *next.attempt_at <= deadline;
}

std::optional<Milliseconds> AccountMachine::retry_after(Moment now, const Ledger& ledger) const {
    if (flight_) return shortest_wait;
    const Plan next = plan(now, ledger);
    if (!next.attempt_at) return std::nullopt;
    return std::max(*next.attempt_at - now.boot, shortest_wait);
}

bool AccountMachine::client_throttled(Moment now, const Ledger& ledger) const {
    if (client_ == ClientWant::nothing || flight_ || stopped() || needs_login(now)) return false;
    const Permission permission = route(Cause::client, now, ledger).permission;
    return permission.at > now.boot && permission.waiting_for != WaitingFor::nothing;
}

Admission AccountMachine::admin_refresh(Moment now, const Ledger& ledger) {
    if (stopped()) return {Admission::Kind::suspended, std::nullopt};
    const bool under_way = held_ || (flight_ && flight_->kind != AttemptKind::probe);
    if (!under_way) {
        const Permission permission = route(Cause::admin, now, ledger).permission;
        const Milliseconds delay = permission.at - now.boot;
        if (delay > short_delay)
            return {Admission::Kind::throttled, std::max(delay, shortest_wait)};
    }
    admin_wants_ = true;
    admin_progress_ = AdminProgress::pending;
    return {Admission::Kind::scheduled, std::nullopt};
}

Admission AccountMachine::admin_resume(bool clear_throttle, Moment now, Ledger& ledger) {
    if (clear_throttle) {
        write(ThrottleClearedRecord{ledger.stamp(now), settings_.realm}, ledger);
        throttles_ = 0;
        not_before_.reset();
        if (held_ && held_->throttled) held_->retry_at = now.boot;
        notice(LogLevel::warn, "throttle_cleared",
               "an admin forgot the not-before time of realm " + settings_.realm);
    }
    const bool was_stopped = stopped();
    misconfigured_ = false;
    if (suspended_) lift("an admin resumed", now, ledger);
    if (was_stopped || needs_login(now)) {
        admin_wants_ = true;
        admin_progress_ = AdminProgress::pending;
    } else {
        admin_progress_ = AdminProgress::done;
    }
    return {Admission::Kind::scheduled, std::nullopt};
}

Admission AccountMachine::admin_revoke(Moment now, const Ledger& ledger) {
    if (!settings_.has_revoke) return {Admission::Kind::no_revoke, std::nullopt};
    if (!has_token(now)) return admin_refresh(now, ledger);
    revoke_wanted_ = true;
    admin_wants_ = true;
    admin_progress_ = AdminProgress::pending;
    return {Admission::Kind::scheduled, std::nullopt};
}

AdminProgress AccountMachine::admin_progress() const noexcept {
    return admin_progress_;
}

}  // namespace tokenbroker::core
