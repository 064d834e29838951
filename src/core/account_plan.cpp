// What is to be done now, and if nothing, when to look again. Changes nothing.
#include "core/account_machine.hpp"
#include "core/refresh_policy.hpp"

#include <algorithm>
#include <chrono>

namespace tokenbroker::core {
namespace {

// A token that seems issued a moment from now: the clock was set back a little. It is waited for.
constexpr Milliseconds small_step_back = std::chrono::minutes(1);

void sooner(std::optional<BootTime>& time, std::optional<BootTime> other) {
    if (other && (!time || *other < *time)) time = other;
}

}  // namespace

Priority AccountMachine::priority(Moment now) const {
    const bool valid = has_token(now);
    return {waiting_ > 0, valid,
            valid ? token_->times().expires_boot.value_or(BootTime::max()) : BootTime()};
}

bool AccountMachine::may_refresh_now(Moment now) const {
    if (!settings_.on_demand) return true;
    return waiting_ > 0 || (asked_at_ && now.boot - *asked_at_ < token_->life());
}

bool AccountMachine::needs_login(Moment now) const {
    if (has_token(now)) {
        const auto due = until_refresh(settings_.refresh, *token_, retry_wait(), now);
        return due && *due <= Milliseconds::zero() && may_refresh_now(now);
    }
    if (token_ && token_->before_issue(now) && !token_->expired(now) &&
        token_->times().issued_at - now.wall <= small_step_back) {
        return false;
    }
    return !settings_.on_demand || waiting_ > 0;
}

std::optional<BootTime> AccountMachine::probe_due() const {
    if (!settings_.has_probe) return std::nullopt;
    std::optional<BootTime> due = recheck_at_;
    if (!due && settings_.probe_every && probes_from_) {
        due = saturating_add(std::max(*probes_from_, last_probe_.value_or(*probes_from_)),
                             std::max(*settings_.probe_every, shortest_wait));
    }
    return due;
}

std::optional<BootTime> AccountMachine::token_changes_at(Moment now) const {
    if (!token_ || token_->expired(now)) return std::nullopt;
    if (token_->before_issue(now)) {
        return saturating_add(now.boot, token_->times().issued_at - now.wall);
    }
    std::optional<BootTime> at;
    if (token_->times().expires_at) at = saturating_add(now.boot, token_->left(now));
    const auto due = until_refresh(settings_.refresh, *token_, retry_wait(), now);
    if (due && *due > Milliseconds::zero()) sooner(at, saturating_add(now.boot, *due));
    return at;
}

AccountMachine::Route AccountMachine::route(Cause cause, Moment now, const Ledger& ledger) const {
    Route route;
    route.cause = cause;
    if (settings_.has_refresh && can_refresh_) {
        route.kind = AttemptKind::refresh;
        // It costs no login; but what clients cause is counted, or they could cause any number.
        route.spends_login = cause == Cause::client;
    }
    if (route.spends_login) {
        route.permission = ledger.permission(settings_.account, cause, priority(now), now.boot);
    } else {
        route.permission.at = now.boot;
        if (const auto until = ledger.not_before(settings_.realm, now.boot)) {
            route.permission = {*until, WaitingFor::upstream, false};
        }
    }
    const auto hold_until = [&](std::optional<BootTime> until) {
        if (!until || *until <= now.boot) return;
        route.permission.realm_only = false;
        if (*until < route.permission.at) return;
        route.permission.at = *until;
        route.permission.waiting_for = WaitingFor::nothing;  // backing off
    };
    if (cause != Cause::admin) hold_until(not_before_);
    if (last_end_) hold_until(saturating_add(*last_end_, shortest_wait));
    return route;
}

void AccountMachine::plan_login(Plan& plan, Moment now, const Ledger& ledger) const {
    if (stopped()) return;
    std::optional<Route> best;
    const auto consider = [&](bool wanted, Cause cause) {
        if (!wanted) return;
        const Route candidate = route(cause, now, ledger);
        if (!best || candidate.permission.at < best->permission.at) best = candidate;
    };
    // What follows a revocation is the admins' to spend; once their share is spent, the account is
    // in need.
    consider(revoked_ && admin_wants_, Cause::admin);
    consider(needs_login(now), Cause::need);
    consider(admin_wants_, Cause::admin);
    consider(client_ != ClientWant::nothing, Cause::client);
    if (!best) return;
    const Permission& permission = best->permission;
    sooner(plan.attempt_at, permission.at);
    if (permission.at <= now.boot) {
        plan.attempt = Attempt{best->kind, best->cause, std::nullopt, false};
        if (best->spends_login) {
            plan.attempt->record = AttemptRecord{ledger.stamp(now),
                                                 ledger.next_attempt_id(),
                                                 settings_.account,
                                                 settings_.realm,
                                                 best->cause,
                                                 false,
                                                 ledger.window_of(settings_.account)};
        }
        return;
    }
    plan.waiting_for = permission.waiting_for;
    plan.queues = permission.realm_only;
    sooner(plan.wake, permission.at);
}

AccountMachine::Plan AccountMachine::plan(Moment now, const Ledger& ledger) const {
    Plan plan;
    if (flight_) return plan;
    sooner(plan.wake, token_changes_at(now));

    if (revoke_wanted_ && has_token(now)) {
        plan.attempt = Attempt{AttemptKind::revoke, Cause::admin, std::nullopt, false};
        plan.attempt_at = now.boot;
        return plan;
    }
    if (has_token(now)) {
        const auto due = probe_wanted_ && !recheck_at_ ? now.boot : probe_due();
        if (due && *due <= now.boot) {
            plan.attempt = Attempt{AttemptKind::probe, Cause::need, std::nullopt, false};
            plan.attempt_at = now.boot;
            return plan;
        }
        sooner(plan.wake, due);
        if (recheck_at_) sooner(plan.attempt_at, due);
    }
    if (held_) {
        plan.attempt_at = std::max(held_->retry_at, now.boot);
        if (held_->retry_at <= now.boot) {
            plan.attempt =
                Attempt{AttemptKind::continue_steps, held_->cause, std::nullopt, held_->skip_step};
        } else {
            if (held_->throttled) plan.waiting_for = WaitingFor::upstream;
            sooner(plan.wake, held_->retry_at);
        }
        return plan;
    }
    plan_login(plan, now, ledger);
    return plan;
}

}  // namespace tokenbroker::core
