// An account as status shows it.
#include "core/account_machine.hpp"
#include "core/refresh_policy.hpp"

namespace tokenbroker::core {

AccountView AccountMachine::view(Moment now, const Ledger& ledger) const {
    AccountView view;
    const auto wall_at = [&](BootTime time) { return saturating_add(now.wall, time - now.boot); };
    if (token_) {
        view.token = has_token(now)         ? TokenState::valid
                     : token_->expired(now) ? TokenState::expired
                                            : TokenState::none;
        if (view.token != TokenState::none) view.times = token_->times();
        view.token_note = token_note_;
    }
    if (has_token(now)) {
        const auto due = until_refresh(settings_.refresh, *token_, retry_wait(), now);
        if (due) view.refresh_at = saturating_add(now.wall, *due);
    }
    view.consecutive_failures = failures_;
    view.last_attempt_at = last_attempt_at_;
    view.last_error = last_error_;
    view.budget = settings_.budget;
    view.budget_left = ledger.left(settings_.account, now.boot);

    const bool probing = flight_ && flight_->kind == AttemptKind::probe;
    if (flight_ && !probing) {
        view.login = LoginState::in_progress;
        return view;
    }
    if (stopped()) {
        view.login = LoginState::suspended;
        return view;
    }
    Plan login;
    if (held_) {
        login.attempt_at = held_->retry_at;
        if (held_->throttled) login.waiting_for = WaitingFor::upstream;
    } else {
        plan_login(login, now, ledger);
    }
    view.next_attempt = login.attempt_at;
    if (!view.next_attempt && view.refresh_at && may_refresh_now(now))
        view.next_attempt = saturating_add(now.boot, *view.refresh_at - now.wall);
    if (!login.attempt_at || *login.attempt_at <= now.boot) return view;
    view.waiting_for = login.waiting_for;
    view.retry_at = wall_at(*login.attempt_at);
    view.login =
        login.waiting_for == WaitingFor::nothing ? LoginState::backing_off : LoginState::throttled;
    return view;
}

}  // namespace tokenbroker::core
