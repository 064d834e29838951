#pragma once

#include "async/clock.hpp"
#include "base/log.hpp"
#include "provision/reported_steps.hpp"
#include "recipe/recipe.hpp"
#include "upstream/step.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <vector>

// Creating a service account at an upstream, by the `provision` steps of a recipe.
namespace tokenbroker::provision {

// The inputs of provisioning: `provision_inputs`, and the recipe's own that have no namesake there
// and are not secret. The command's options.
std::vector<recipe::Input> provisioning_inputs(const recipe::Recipe& recipe);

// What is wrong with the inputs, a sentence each, before anything is sent: an input that no step
// uses which will run, a password that breaks the vendor's rules. Missing ones are
// recipe::missing_inputs(). `given` is without defaults; a secret that is not known yet is absent.
std::vector<std::string> input_mistakes(const recipe::Recipe& recipe, const recipe::Values& given);

// The requests in their order, as they would be sent; what earlier answers will bring stands
// between underscores. Sends nothing.
std::vector<StepReport> dry_run(const recipe::Recipe& recipe, const recipe::Values& inputs,
                                std::string_view base_path);

struct Outcome {
    bool done = false;        // created and verified
    std::string failed_step;  // where not
    std::string error;        // why, for people
    std::vector<std::string>
        left;  // what exists at the upstream now, where it failed: "create_company (company_id 7)"
    std::vector<std::string> notes;
    recipe::Values inputs;  // of the recipe: what the account's entry needs
};

class Provisioner {
public:
    // All outlive it, and it outlives its coroutines. `interrupted`: set by the user.
    Provisioner(upstream::Transport& transport, const async::Clock& clock, Logger& log,
                OnStep on_step, const bool& interrupted)
        : clock_(clock),
          steps_(transport, clock, log, std::move(on_step)),
          interrupted_(interrupted) {}

    // Runs the steps, logs in once as the new account and ends that token, and ends the admin's
    // whatever happened; interrupted, no further step but that is begun. `inputs` have their
    // defaults and all secrets.
    boost::asio::awaitable<Outcome> run(upstream::Target target, recipe::Values inputs);

private:
    // Whether the user wants no further step; then that is what failed.
    [[nodiscard]] bool stops(const recipe::Step& step, Outcome& outcome) const;
    boost::asio::awaitable<bool> create(upstream::Target target, recipe::Values& values,
                                        Outcome& outcome);
    boost::asio::awaitable<bool> verify(upstream::Target target, Outcome& outcome);
    boost::asio::awaitable<void> end(upstream::Target target, recipe::Values values,
                                     Outcome& outcome);

    const async::Clock& clock_;
    ReportedSteps steps_;
    const bool& interrupted_;
};

// The account as the configuration wants it: a finished `accounts:` with one entry.
struct Entry {
    std::string account;
    std::string base_url;
    std::string ca_file;  // may be empty
    bool insecure_http = false;
    std::vector<std::pair<std::string, std::string>>
        secrets;                        // input and its source as YAML: "{ file: /etc/x }"
    std::vector<std::string> comments;  // above it
};
std::string account_entry(const recipe::Recipe& recipe, const recipe::Values& inputs,
                          const Entry& entry);

}  // namespace tokenbroker::provision
