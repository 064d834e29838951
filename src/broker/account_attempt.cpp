#include "broker/account.hpp"
#include "recipe/uses.hpp"

#include <cstdio>
#include <utility>

namespace tokenbroker::broker {
namespace {

namespace asio = boost::asio;

// Names one attempt in the log and, with the step, in the upstream's (X-Request-Id).
std::string new_attempt_id(double draw) {
    char text[16];
    std::snprintf(text, sizeof text, "%08x", static_cast<unsigned>(draw * 4294967296.0));
    return text;
}

// A step list's progress counts from the flow it belongs to.
upstream::Progress::Flow flow_of(core::AttemptKind kind) {
    switch (kind) {
        case core::AttemptKind::refresh:
            return upstream::Progress::Flow::refresh;
        case core::AttemptKind::revoke:
            return upstream::Progress::Flow::revoke;
        default:
            return upstream::Progress::Flow::acquire;
    }
}

}  // namespace

asio::awaitable<void> Account::attempt(core::Attempt todo) {
    attempt_id_ = new_attempt_id(services_.draw());
    const core::AttemptKind kind = todo.kind;
    announce();
    if (todo.record) {
        core::AttemptRecord record = *todo.record;
        const Moment now = services_.clock.now();
        auto written = co_await services_.ledger.begin(std::move(record), now);
        if (!written) {
            ++services_.metrics.process().ledger_failures;
            machine_.ledger_failed(written.error().message(), services_.clock.now(),
                                   services_.ledger.model());
            settle();
            co_return;
        }
    }
    core::Outcome outcome = core::AccountMachine::withheld();
    if (!todo.record || machine_.may_still_send(services_.clock.now(), services_.ledger.model())) {
        services_.log.info("attempt_started", "asking the upstream",
                           {{"account", settings_.name.text()},
                            {"attempt", attempt_id_},
                            {"kind", core::attempt_kind_name(kind)},
                            {"cause", core::cause_name(todo.cause)}});
        if (kind == core::AttemptKind::probe) {
            outcome = co_await run_probe(attempt_id_);
        } else {
            outcome = co_await run_steps(kind, todo.skip_failed_step, attempt_id_);
        }
    }
    count(todo, outcome);
    machine_.on_outcome(outcome, services_.draw(), services_.clock.now(), services_.ledger.model());
    co_await settle_durably();
    co_await flush_records();
}

asio::awaitable<Result<recipe::Values>> Account::values_for(core::AttemptKind kind) {
    const recipe::Recipe& recipe = *settings_.recipe;
    recipe::Values values = settings_.inputs;
    bool wants_secrets = true;
    if (kind == core::AttemptKind::probe)
        wants_secrets = recipe::names_secret_input(recipe, *recipe.probe);
    if (kind == core::AttemptKind::revoke)
        wants_secrets = recipe::names_secret_input(recipe, recipe.revoke);
    if (kind == core::AttemptKind::refresh)
        wants_secrets = recipe::names_secret_input(recipe, recipe.refresh);
    if (wants_secrets) {
        std::string salt = settings_.fingerprint;
        auto secrets = co_await secrets_.read(std::move(salt));
        if (!secrets) co_return secrets.error();
        fingerprint_ = secrets->fingerprint;
        values.merge(secrets->values);
    }
    if (kind == core::AttemptKind::acquire) co_return values;
    auto kept = recipe::read_kept(recipe, kept_);
    if (!kept) co_return kept.error();
    co_return recipe::later_values(values, *kept, token_.value);
}

asio::awaitable<core::Outcome> Account::run_steps(core::AttemptKind kind, bool skip_failed_step,
                                                  std::string id) {
    std::optional<upstream::Progress> progress;
    if (kind == core::AttemptKind::continue_steps) {
        progress = std::exchange(progress_, std::nullopt);
        if (skip_failed_step) progress->skip_next();
    } else {
        progress_.reset();
        auto values = co_await values_for(kind);
        if (!values) {
            core::Outcome unreadable = core::AccountMachine::withheld();
            unreadable.verdict = core::Verdict::misconfigured;
            unreadable.message = values.error().message();
            unreadable.fingerprint = fingerprint_;
            co_return unreadable;
        }
        progress.emplace(flow_of(kind), std::move(*values));
    }
    upstream::Target where = target();
    upstream::Run run =
        co_await services_.runner.run(std::move(where), std::move(*progress), std::move(id));
    co_return outcome_of(run);
}

asio::awaitable<core::Outcome> Account::run_probe(std::string id) {
    core::Outcome outcome;
    auto values = co_await values_for(core::AttemptKind::probe);
    if (!values) {
        outcome.verdict = core::Verdict::unavailable;
        outcome.sent = false;
        outcome.login_sent = false;
        outcome.message = values.error().message();
        co_return outcome;
    }
    upstream::Target where = target();
    upstream::StepOutcome step =
        co_await services_.runner.probe(std::move(where), std::move(*values), std::move(id));
    outcome.verdict = step.verdict;
    outcome.login_sent = false;
    outcome.sent = step.sent.has_value();
    outcome.retry_after = step.retry_after;
    outcome.step = step.step;
    outcome.status = step.status;
    outcome.message = step.message;
    co_return outcome;
}

core::Outcome Account::outcome_of(upstream::Run& run) {
    core::Outcome outcome;
    outcome.verdict = run.last.verdict;
    outcome.login_sent = run.login_sent.has_value();
    outcome.sent = run.last.sent.has_value();
    outcome.held = run.resume.has_value();
    outcome.optional_step = run.last.optional;
    outcome.retry_after = run.last.retry_after;
    outcome.step = run.last.step;
    outcome.status = run.last.status;
    outcome.message = run.last.message;
    outcome.fingerprint = fingerprint_;
    progress_ = std::move(run.resume);
    if (!run.token) return outcome;

    core::IssuedToken issued;
    issued.started = run.token_sent;
    issued.source = run.token->expiry.source;
    if (run.token->expiry.lifetime) {
        issued.lifetime = run.token->expiry.lifetime;
    } else {
        issued.expires_at = run.token->expiry.at;
    }
    issued.same_token = run.token->value == token_.value;
    issued.can_refresh = !run.kept.empty();
    outcome.token = issued;
    fresh_.emplace();
    fresh_->token = std::move(*run.token);
    fresh_->kept = std::move(run.kept);
    return outcome;
}

upstream::Target Account::target() const {
    upstream::Target target;
    target.account = settings_.name.text();
    target.recipe = settings_.recipe;
    target.base_path = settings_.base_path;
    target.endpoint = settings_.endpoint;
    if (!token_.value.empty()) target.also_secret.push_back(token_.value);
    return target;
}

}  // namespace tokenbroker::broker
