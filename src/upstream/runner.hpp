#pragma once

#include "recipe/token.hpp"
#include "upstream/step.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace tokenbroker::upstream {

// How far a list of steps has come: what was taken, and which step is next. Kept in memory after a
// failure, so that the next try begins at the step that failed, with the login's result. Never
// written anywhere.
class Progress {
public:
    enum class Flow { acquire, refresh, revoke };

    // `values` are the inputs for acquire, recipe::later_values() for the others.
    Progress(Flow flow, recipe::Values values) : flow_(flow), values_(std::move(values)) {}

    [[nodiscard]] Flow flow() const noexcept { return flow_; }
    [[nodiscard]] const std::vector<recipe::Step>& steps(
        const recipe::Recipe& recipe) const noexcept;
    // Login requests that are still ahead: what a ledger has to hold before the run goes on.
    [[nodiscard]] unsigned logins_ahead(const recipe::Recipe& recipe) const;
    // A login has succeeded, and what it gave is in here.
    [[nodiscard]] bool logged_in() const noexcept { return logged_in_; }
    [[nodiscard]] const recipe::Values& values() const noexcept { return values_; }
    // Leaves the next step out: an optional one that failed for good.
    void skip_next() noexcept { ++next_; }

private:
    friend class Runner;

    Flow flow_;
    recipe::Values values_;
    std::size_t next_ = 0;
    bool logged_in_ = false;
    std::optional<Moment> token_sent_;
};

// What a run of steps came to.
struct Run {
    // Of the step that ended it; of the last one where all were done. ok: all were done.
    StepOutcome last;
    // The last login request of this run: when it left, or may have. None: no login was spent.
    std::optional<Moment> login_sent;

    // Of acquire and refresh, where all were done:
    std::optional<recipe::Token> token;
    Moment token_sent{};  // what a relative expiry counts from
    Secret kept;          // recipe::write_kept(); empty where the recipe keeps nothing

    // Where one failed after a good login, or the last one gave no token: the progress to go on
    // from, at that step. None: what the login gave is of no more use, or there was none.
    std::optional<Progress> resume;
};

// Runs a recipe's steps in order, until one is not ok.
class Runner {
public:
    // All three outlive it, and it outlives its coroutines.
    Runner(Transport& transport, const async::Clock& clock, Logger& log)
        : clock_(clock), steps_(transport, clock, log) {}

    // From where `progress` stands. What each login step costs was entered in the ledger before.
    boost::asio::awaitable<Run> run(Target target, Progress progress, std::string attempt);
    // Asks whether a token still works: `values` are recipe::later_values(). The recipe has a
    // probe.
    boost::asio::awaitable<StepOutcome> probe(Target target, recipe::Values values,
                                              std::string attempt);

private:
    void make_token(Run& run, const recipe::Recipe& recipe, const Progress& progress);

    const async::Clock& clock_;
    StepRunner steps_;
};

}  // namespace tokenbroker::upstream
