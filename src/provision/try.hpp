#pragma once

#include "async/clock.hpp"
#include "base/log.hpp"
#include "provision/reported_steps.hpp"
#include "recipe/token.hpp"
#include "upstream/step.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>

// Trying a recipe: all that the broker would ever do with it, once.
namespace tokenbroker::provision {

struct Trial {
    bool ok = false;
    std::string failed_step;             // where not
    std::string error;                   // why, for people
    std::optional<recipe::Token> token;  // of acquire
    Moment sent{};                       // what a relative expiry counts from
};

class Trier {
public:
    // All outlive it, and it outlives its coroutines.
    Trier(upstream::Transport& transport, const async::Clock& clock, Logger& log, OnStep on_step)
        : clock_(clock), steps_(transport, clock, log, std::move(on_step)) {}

    // Runs `acquire`; with the token `probe`, `refresh` where what it needs was kept, and `revoke`:
    // nothing is left behind where the recipe can end a token. The first step that is not ok ends
    // it, but for an optional one; the token is ended all the same. `inputs` have their defaults
    // and all secrets.
    boost::asio::awaitable<Trial> run(upstream::Target target, recipe::Values inputs);

private:
    boost::asio::awaitable<bool> run_steps(upstream::Target target,
                                           const std::vector<recipe::Step>& steps,
                                           recipe::Values& values, Trial& trial);
    boost::asio::awaitable<void> use_token(upstream::Target target, recipe::Values inputs,
                                           recipe::Values kept, Trial& trial);

    const async::Clock& clock_;
    ReportedSteps steps_;
    Moment token_sent_{};
};

}  // namespace tokenbroker::provision
