#include "provision/provision.hpp"

#include "provision/password.hpp"
#include "recipe/inputs.hpp"
#include "recipe/shape.hpp"
#include "recipe/token.hpp"
#include "recipe/uses.hpp"

#include <algorithm>
#include <set>

namespace tokenbroker::provision {
namespace {

namespace asio = boost::asio;
using core::Verdict;

// "create_company (company_id 7)": something that a failed run leaves at the upstream.
std::string left_by(const recipe::Step& step, const recipe::Values& taken) {
    std::string text = step.name;
    std::string values;
    for (const auto& [name, value] : taken.all()) {
        if (!value.secret()) values += (values.empty() ? "" : ", ") + name + " " + value.shown();
    }
    return values.empty() ? text : text + " (" + values + ")";
}

bool creates(const recipe::Step& step) {
    return !step.login && step.request.method.text() != "GET";
}

// What a step took for people to see alone: a token that nobody uses is dropped, and lives on at
// the upstream.
std::string dropped_by(const recipe::Recipe& recipe, const recipe::Step& step,
                       const recipe::Values& taken) {
    std::set<std::string> used;
    for (const auto* steps : {&recipe.provision, &recipe.provision_end}) {
        for (const recipe::Step& other : *steps)
            used.merge(recipe::names_in(other.request));
    }
    std::string names;
    for (const auto& [name, value] : taken.all()) {
        const bool needed = used.contains(name) || recipe.find_input(name) != nullptr;
        if (value.secret() && !needed) names += (names.empty() ? "" : ", ") + name;
    }
    return names.empty() ? names
                         : "the step " + step.name + " gave a " + names +
                               ", which was dropped; it works at the upstream until it expires";
}

// Why a failed step may have done its work all the same, or empty.
std::string why_perhaps(const upstream::StepOutcome& result) {
    if (!result.sent) return {};
    if (!result.status) return "the request was sent, and no answer came";
    if (*result.status >= 500) return "the upstream failed while at it";
    return *result.status < 300 ? "the answer was not understood" : "";
}

// The recipe's own inputs, from what was given and what the steps took.
recipe::Values account_inputs(const recipe::Recipe& recipe, const recipe::Values& values) {
    recipe::Values inputs;
    for (const recipe::Input& input : recipe.inputs) {
        const recipe::Value* value = values.find(input.name);
        if (value != nullptr) inputs.set(input.name, *value);
    }
    return recipe::with_defaults(recipe.inputs, inputs);
}

// The names that matter under these values: what the steps send that will run, what decides which
// those are, and what the first login and the account's entry need.
std::set<std::string> names_used(const recipe::Recipe& recipe, const recipe::Values& values) {
    std::set<std::string> used;
    for (const recipe::Input& input : recipe.inputs)
        used.insert(input.name);
    for (const recipe::Step& step : recipe.provision) {
        for (const recipe::Condition& condition : step.when)
            used.insert(condition.input);
        if (!recipe::runs(step, values)) continue;
        used.merge(recipe::names_in(step.request));
        if (!step.select) continue;
        for (const auto& [pointer, wanted] : step.select->where) {
            for (const std::string& name : wanted.names())
                used.insert(name);
        }
    }
    return used;
}

}  // namespace

std::vector<recipe::Input> provisioning_inputs(const recipe::Recipe& recipe) {
    std::vector<recipe::Input> all = recipe.provision_inputs;
    for (const recipe::Input& input : recipe.inputs) {
        const bool there = std::ranges::find(all, input.name, &recipe::Input::name) != all.end();
        if (!there && !input.secret && !input.required) all.push_back(input);
    }
    return all;
}

std::vector<std::string> input_mistakes(const recipe::Recipe& recipe, const recipe::Values& given) {
    std::vector<std::string> mistakes;
    const auto inputs = provisioning_inputs(recipe);
    const recipe::Values values = recipe::with_defaults(inputs, given);
    const std::set<std::string> used = names_used(recipe, values);
    for (const recipe::Input& input : recipe.provision_inputs) {
        const recipe::Value* value = given.find(input.name);
        if (value == nullptr) continue;
        if (!used.contains(input.name))
            mistakes.push_back(input.name + " is not used with the other options");
        if (!input.password) continue;
        for (std::string& mistake :
             password_mistakes(*input.password, value->as_text().reveal(), values)) {
            mistakes.push_back(std::move(mistake));
        }
    }
    return mistakes;
}

std::vector<StepReport> dry_run(const recipe::Recipe& recipe, const recipe::Values& inputs,
                                std::string_view base_path) {
    std::vector<StepReport> reports;
    const recipe::Values shown = recipe::shown_values(recipe, inputs);
    const auto add = [&](const std::vector<recipe::Step>& steps) {
        for (const recipe::Step& step : steps) {
            if (!recipe::runs(step, inputs)) continue;
            StepReport report;
            report.step = step.name;
            const auto request = recipe::shown_request(step, shown, base_path);
            report.request = request ? *request : request.error().message();
            reports.push_back(std::move(report));
        }
    };
    add(recipe.provision);
    add(recipe.acquire);
    add(recipe.revoke);
    add(recipe.provision_end);
    return reports;
}

bool Provisioner::stops(const recipe::Step& step, Outcome& outcome) const {
    if (!interrupted_) return false;
    outcome.failed_step = step.name;
    outcome.error = "interrupted before it";
    return true;
}

asio::awaitable<Outcome> Provisioner::run(upstream::Target target, recipe::Values inputs) {
    Outcome outcome;
    recipe::Values values = std::move(inputs);
    const bool created = co_await create(target, values, outcome);
    if (created) {
        outcome.inputs = account_inputs(*target.recipe, values);
        const bool verified = co_await verify(target, outcome);
        outcome.done = verified;
    }
    co_await end(target, values, outcome);
    co_return outcome;
}

asio::awaitable<bool> Provisioner::create(upstream::Target target, recipe::Values& values,
                                          Outcome& outcome) {
    // What `when` says is judged by the inputs: a value that a step takes changes no later
    // decision.
    const recipe::Values inputs = values;
    for (const recipe::Step& step : target.recipe->provision) {
        if (!recipe::runs(step, inputs)) continue;
        if (stops(step, outcome)) co_return false;
        auto result = co_await steps_.run(target, step, values);
        if (result.verdict == Verdict::ok) {
            if (creates(step)) outcome.left.push_back(left_by(step, result.taken));
            if (auto dropped = dropped_by(*target.recipe, step, result.taken); !dropped.empty())
                outcome.notes.push_back(std::move(dropped));
            values.merge(result.taken);
            continue;
        }
        if (step.optional) {
            outcome.notes.push_back("the step " + step.name +
                                    " failed, and is not needed: " + result.message);
            continue;
        }
        if (creates(step)) {
            if (std::string doubt = why_perhaps(result); !doubt.empty())
                outcome.left.push_back(step.name + ", perhaps: " + doubt);
        }
        outcome.failed_step = step.name;
        outcome.error = result.message;
        co_return false;
    }
    co_return true;
}

// One login as the new account shows that all of it is right. The token is ended where the upstream
// can do that.
asio::awaitable<bool> Provisioner::verify(upstream::Target target, Outcome& outcome) {
    const recipe::Recipe& recipe = *target.recipe;
    recipe::Values values = outcome.inputs;
    Moment sent = clock_.now();
    for (const recipe::Step& step : recipe.acquire) {
        if (!recipe::runs(step, outcome.inputs)) continue;
        if (stops(step, outcome)) co_return false;
        auto result = co_await steps_.run(target, step, values);
        if (result.verdict != Verdict::ok && step.optional) {
            outcome.notes.push_back("the step " + step.name +
                                    " failed, and is not needed: " + result.message);
            continue;
        }
        if (result.verdict != Verdict::ok) {
            outcome.failed_step = step.name;
            outcome.error =
                "the account was created, but its first login failed: " + result.message;
            co_return false;
        }
        if (recipe::gives_token(recipe, step) && result.sent) sent = *result.sent;
        values.merge(result.taken);
    }
    const auto token = recipe::token_of(recipe, values, sent.wall);
    if (!token) {
        outcome.error = "the account was created, but its first login gave no token: " +
                        token.error().message();
        co_return false;
    }
    const recipe::Values later =
        recipe::later_values(outcome.inputs, recipe::Values(), token->value);
    for (const recipe::Step& step : recipe.revoke) {
        if (!recipe::runs(step, later)) continue;
        auto result = co_await steps_.run(target, step, later);
        if (result.verdict != Verdict::ok)
            outcome.notes.emplace_back("the token of the first login could not be ended");
    }
    if (recipe.revoke.empty()) {
        outcome.notes.emplace_back(
            "the token of the first login was dropped; this upstream has no way to end it");
    }
    outcome.left.clear();
    co_return true;
}

asio::awaitable<void> Provisioner::end(upstream::Target target, recipe::Values values,
                                       Outcome& outcome) {
    for (const recipe::Step& step : target.recipe->provision_end) {
        if (!recipe::runs(step, values) || !recipe::has_all(step.request, values)) continue;
        auto result = co_await steps_.run(target, step, values);
        if (result.verdict == Verdict::ok) continue;
        outcome.notes.push_back("the admin's token could not be ended (" + result.message +
                                "); it ends by itself");
    }
}

}  // namespace tokenbroker::provision
