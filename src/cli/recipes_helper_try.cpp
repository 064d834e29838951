#include "cli/recipes_helper.hpp"
#include "provision/try.hpp"
#include "recipe/inputs.hpp"
#include "recipe/shape.hpp"

#include <iostream>

namespace tokenbroker::cli {
namespace {

void print(const provision::Trial& trial) {
    if (!trial.token) return;
    const recipe::Expiry& expiry = trial.token->expiry;
    std::cout << "token: " << trial.token->value.size() << " characters, presented as "
              << trial.token->header_name << "\n  expires: ";
    if (expiry.at) {
        std::cout << format_rfc3339(*expiry.at);
    } else if (expiry.lifetime) {
        std::cout << format_rfc3339(saturating_add(trial.sent.wall, *expiry.lifetime)) << " (after "
                  << describe_duration(*expiry.lifetime) << ")";
    } else {
        std::cout << "never";
    }
    std::cout << ", " << core::expiry_source_name(expiry.source) << '\n';
}

// A kept value that takes the place of a secret: the upstream may end that at its first use, and
// nobody keeps what comes instead.
void warn_of_spending(const recipe::Recipe& recipe) {
    for (const std::string& name : recipe.keep) {
        const recipe::Input* input = recipe.find_input(name);
        if (input == nullptr || !input->secret) continue;
        std::cout << "This may use the " << name
                  << " up: where the upstream gives another in its place, that one is dropped. "
                     "Try with one that no daemon is to use.\n";
    }
}

boost::asio::awaitable<void> try_recipe(Network network, upstream::Target target,
                                        recipe::Values inputs, provision::Trial& into) {
    provision::OnStep on_step = [](const provision::StepReport& report) {
        std::cout << text_of(report, true) << std::flush;
    };
    provision::Trier trier(network.transport, network.clock, network.log, std::move(on_step));
    auto trial = co_await trier.run(std::move(target), std::move(inputs));
    into = std::move(trial);
}

}  // namespace

int run_recipes_try(const std::vector<std::string>& arguments) {
    if (arguments.empty() || arguments.front().starts_with("-")) {
        return recipes_fail(recipes_usage, "recipes try: the first argument is the recipe's file");
    }
    const recipe::RecipeHandle recipe = load_recipe_file(arguments.front());
    if (recipe == nullptr) return recipes_failed;
    InputOptions options("recipes try " + arguments.front(), recipe->inputs, false);
    if (const auto ended = options.parse({arguments.begin() + 1, arguments.end()})) return *ended;
    const auto url = read_base_url(options.upstream(), *recipe);
    if (!url) return recipes_fail(recipes_usage, url.error().message());
    auto given = options.read(true);
    if (!given) return recipes_fail(code_of(given.error()), given.error().message());
    const upstream::Target target = target_of(options.upstream(), recipe, *url);

    std::cout << "This logs in at " << url->text() << " outside of any daemon's count of logins.\n";
    warn_of_spending(*recipe);
    const recipe::Values inputs = recipe::with_defaults(recipe->inputs, given->values);
    provision::Trial trial;
    run_with_network([&](Network network) { return try_recipe(network, target, inputs, trial); });
    print(trial);
    if (trial.ok) return recipes_done;
    const std::string where =
        trial.failed_step.empty() ? "" : "the step " + trial.failed_step + " failed: ";
    return recipes_fail(recipes_failed, where + trial.error);
}

}  // namespace tokenbroker::cli
