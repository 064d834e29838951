#pragma once

#include "async/clock.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "core/verdict.hpp"
#include "recipe/answer.hpp"
#include "recipe/fill.hpp"
#include "recipe/recipe.hpp"
#include "upstream/transport.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tokenbroker::upstream {

// Whose requests they are and where they go. The same for all runs of one account under one
// configuration.
struct Target {
    std::string account;  // its name; for provisioning, what the log shall call it
    recipe::RecipeHandle recipe;
    std::string base_path;  // Recipe::base_path of the base URL's path
    std::shared_ptr<const Endpoint> endpoint;
    // Masked in what the upstream says, beside the step's own values: the token that is served.
    std::vector<Secret> also_secret = {};
};

// What one step came to. misconfigured: a value does not fit its place, or a TLS file can't be
// used; nothing was sent.
struct StepOutcome {
    core::Verdict verdict = core::Verdict::unexpected;
    std::string step;
    bool optional = false;      // what the recipe says of the step
    std::optional<int> status;  // of the answer; none: there was no whole answer
    // Just before the request left, or may have. None: nothing of it left this machine.
    std::optional<Moment> sent;
    std::optional<Milliseconds> retry_after;  // not capped
    recipe::Values taken;                     // where the verdict is ok
    // Why it is not ok: at most 200 bytes on one line, every secret masked.
    std::string message;
    // The same for a terminal: at most 4000 bytes, as a list of choices is longer than a log line.
    std::string whole_message;
};

// Every text that may not be shown of a request and of the answer to it. An Authorization header is
// one by itself: what `basic` makes of a password is none of the forms that masking knows.
std::vector<Secret> secrets_of(const Target& target, const recipe::Values& values,
                               const recipe::FilledRequest& filled);

// Sends a step's request and reads the answer. One log line a step, never with a secret.
class StepRunner {
public:
    // All three outlive it, and it outlives its coroutines.
    StepRunner(Transport& transport, const async::Clock& clock, Logger& log)
        : transport_(transport), clock_(clock), log_(log) {}

    // `step` is one of the target's recipe. `attempt` names the run in the log; with the step's
    // name it is the X-Request-Id. Cancelled: throws operation_aborted.
    boost::asio::awaitable<StepOutcome> run(Target target, const recipe::Step& step,
                                            recipe::Values values, std::string attempt);

private:
    // What the log says of a step besides its outcome.
    struct Line {
        std::string account;
        std::string attempt;
        std::string request_id;
        std::string method;
        std::string path;
        bool login = false;
    };
    void write(const Line& line, const StepOutcome& outcome, Milliseconds took);

    Transport& transport_;
    const async::Clock& clock_;
    Logger& log_;
};

}  // namespace tokenbroker::upstream
