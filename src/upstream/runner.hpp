#pragma once

#include "recipe/token.hpp"
#include "upstream/step.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace tokenbroker::upstream {

// After so many answers that are not ok, throttled or unavailable an optional step is left out.
inline constexpr unsigned optional_step_patience = 3;

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

private:
    friend class Runner;

    Flow flow_;
    recipe::Values values_;
    std::size_t next_ = 0;
    unsigned poor_answers_ =
        0;  // of the next step, in a row with throttled and unavailable ones left out
    bool logged_in_ = false;
    std::optional<Moment> token_sent_;
    std::string note_;
};

// What a run of steps came to.
struct Run {
    // Of the step that ended it; of the last one where all were done. ok: all were done.
    StepOutcome last;
    // The last login request of this run: when it left, or may have. None: no login was spent.
    std::optional<Moment> login_sent;

    // Of acquire and refresh, when `last.verdict` is ok:
    std::optional<recipe::Token> token;
    Moment token_sent{};  // what a relative expiry counts from
    Secret kept;          // recipe::write_kept(); empty where the recipe keeps nothing
    std::string note;     // not empty: an optional step was left out, in words for the status

    // When it is not ok: where to go on. None: from the start, with a login.
    std::optional<Progress> resume;
};

// Runs a recipe's steps in order, until one is not ok.
class Runner {
public:
    Runner(Transport& transport, const async::Clock& clock, Logger& log)
        : steps_(transport, clock, log) {}

    // From where `progress` stands. What each login step costs was entered in the ledger before.
    boost::asio::awaitable<Run> run(Target target, Progress progress, std::string attempt);
    // Asks whether a token still works: `values` are recipe::later_values(). The recipe has a
    // probe.
    boost::asio::awaitable<StepOutcome> probe(Target target, recipe::Values values,
                                              std::string attempt);

private:
    StepRunner steps_;
};

}  // namespace tokenbroker::upstream
