#include "provision/try.hpp"

#include "recipe/inputs.hpp"

namespace tokenbroker::provision {
namespace {

namespace asio = boost::asio;
using core::Verdict;

}  // namespace

asio::awaitable<Trial> Trier::run(upstream::Target target, recipe::Values inputs) {
    Trial trial;
    const recipe::Recipe& recipe = *target.recipe;
    recipe::Values values = inputs;
    token_sent_ = clock_.now();
    const bool acquired = co_await run_steps(target, recipe.acquire, values, trial);
    if (!acquired) co_return trial;
    auto token = recipe::token_of(recipe, values, token_sent_.wall);
    if (!token) {
        trial.error = "all steps were done, and there is no token: " + token.error().message();
        co_return trial;
    }
    trial.token = std::move(*token);
    trial.sent = token_sent_;
    recipe::Values kept;
    for (const std::string& name : recipe.keep) {
        if (const recipe::Value* value = values.find(name)) kept.set(name, *value);
    }
    trial.ok = true;
    co_await use_token(target, inputs, kept, trial);
    co_return trial;
}

asio::awaitable<void> Trier::use_token(upstream::Target target, recipe::Values inputs,
                                       recipe::Values kept, Trial& trial) {
    const recipe::Recipe& recipe = *target.recipe;
    recipe::Values later = recipe::later_values(inputs, kept, trial.token->value);
    if (recipe.probe && recipe::runs(*recipe.probe, inputs)) {
        const std::vector<recipe::Step> probe = {*recipe.probe};
        const bool works = co_await run_steps(target, probe, later, trial);
        trial.ok = trial.ok && works;
    }
    if (trial.ok && !recipe.refresh.empty() && !kept.all().empty()) {
        const bool refreshed = co_await run_steps(target, recipe.refresh, later, trial);
        trial.ok = refreshed;
        if (refreshed) {
            const auto token = recipe::token_of(recipe, later, token_sent_.wall);
            trial.ok = token.has_value();
            if (token) {
                later.set("token", recipe::secret_input(token->value));
            } else {
                trial.error =
                    "the refresh was done, and there is no token: " + token.error().message();
            }
        }
    }
    const bool revoked = co_await run_steps(target, recipe.revoke, later, trial);
    trial.ok = trial.ok && revoked;
}

// Until one is not ok, but for an optional one.
asio::awaitable<bool> Trier::run_steps(upstream::Target target,
                                       const std::vector<recipe::Step>& steps,
                                       recipe::Values& values, Trial& trial) {
    for (const recipe::Step& step : steps) {
        if (!recipe::runs(step, values)) continue;
        auto outcome = co_await steps_.run(target, step, values);
        if (outcome.verdict == Verdict::ok) {
            values.merge(outcome.taken);
            if (recipe::gives_token(*target.recipe, step) && outcome.sent)
                token_sent_ = *outcome.sent;
            continue;
        }
        if (step.optional) continue;
        // The first failure is the one that is told.
        if (trial.error.empty()) {
            trial.failed_step = step.name;
            trial.error = outcome.message;
        }
        co_return false;
    }
    co_return true;
}

}  // namespace tokenbroker::provision
