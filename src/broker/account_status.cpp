// What an account shows of itself: its status and its metrics, in the same words.
#include "broker/account.hpp"

#include <utility>

namespace tokenbroker::broker {
namespace {

std::optional<std::string> word(core::WaitingFor waiting_for) {
    if (waiting_for == core::WaitingFor::nothing) return std::nullopt;
    return std::string(core::waiting_for_name(waiting_for));
}

metrics::LoginOutcome counted_as(core::Verdict verdict) {
    switch (verdict) {
        case core::Verdict::ok:
            return metrics::LoginOutcome::ok;
        case core::Verdict::refused:
            return metrics::LoginOutcome::refused;
        case core::Verdict::throttled:
            return metrics::LoginOutcome::throttled;
        case core::Verdict::unavailable:
            return metrics::LoginOutcome::unavailable;
        case core::Verdict::misconfigured:
            return metrics::LoginOutcome::misconfigured;
        case core::Verdict::expired:
        case core::Verdict::unexpected:
            return metrics::LoginOutcome::unexpected;
    }
    return metrics::LoginOutcome::unexpected;
}

}  // namespace

// What is wrong with the account, or else with what all of them need.
std::optional<core::LoginError> Account::last_error(const core::AccountView& view) const {
    if (view.last_error || !services_.ledger.behind()) return view.last_error;
    return core::LoginError{core::Verdict::misconfigured, "", std::nullopt,
                            "the login ledger can't be written", services_.ledger.last_missed()};
}

AccountStatus Account::status() const {
    const core::AccountView view = machine_.view(services_.clock.now(), services_.ledger.model());
    AccountStatus status;
    status.account = settings_.name.text();
    status.recipe = settings_.recipe->name;
    status.upstream = settings_.base_url;
    status.on_demand = settings_.policy.on_demand;
    status.token_state = core::token_state_name(view.token);
    if (view.times) {
        status.issued_at = view.times->issued_at;
        status.expires_at = view.times->expires_at;
        status.expiry_source = core::expiry_source_name(view.times->source);
        status.generation = view.times->generation;
    }
    status.refresh_at = view.refresh_at;
    if (!view.token_note.empty()) status.token_note = view.token_note;
    if (keeper_.failing()) {
        status.token_note = status.token_note.value_or("");
        if (!status.token_note->empty()) *status.token_note += "; ";
        *status.token_note += "the token can't be kept on disk";
    }
    status.login_state = core::login_state_name(view.login);
    status.waiting_for = word(view.waiting_for);
    status.consecutive_failures = view.consecutive_failures;
    status.last_attempt_at = view.last_attempt_at;
    if (const auto error = last_error(view)) {
        status.last_error = LastError{std::string(core::verdict_name(error->kind)), error->step,
                                      error->status, error->message, error->at};
    }
    status.retry_at = view.retry_at;
    status.budget_limit = view.budget.logins;
    status.budget_per = view.budget.per;
    status.budget_left = view.budget_left;
    if (sinks_) status.sinks = sinks_();
    return status;
}

void Account::update_metrics() {
    const Moment now = services_.clock.now();
    const core::AccountView view = machine_.view(now, services_.ledger.model());
    series_->token_expiry =
        view.token == core::TokenState::valid && view.times ? view.times->expires_at : std::nullopt;
    series_->next_attempt.reset();
    if (view.next_attempt)
        series_->next_attempt = saturating_add(now.wall, *view.next_attempt - now.boot);
    series_->throttled_until =
        view.login == core::LoginState::throttled ? view.retry_at : std::optional<WallTime>();
    series_->login_budget_remaining = view.budget_left;
    series_->token_valid = view.token == core::TokenState::valid;
    series_->suspended = view.login == core::LoginState::suspended;
    series_->on_demand = settings_.policy.on_demand;
    series_->last_error.reset();
    if (const auto error = last_error(view)) series_->last_error = counted_as(error->kind);
    if (sinks_) {
        std::uint64_t failing = 0;
        for (const AccountStatus::Sink& sink : sinks_())
            failing += sink.state == "failed" ? 1U : 0U;
        series_->sink_failures = failing;
    }
}

void Account::count(const core::Attempt& todo, const core::Outcome& outcome) {
    if (todo.spends_login() && outcome.login_sent) ++series_->attempts(counted_as(outcome.verdict));
}

}  // namespace tokenbroker::broker
