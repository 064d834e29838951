#pragma once

#include "async/clock.hpp"
#include "base/log.hpp"
#include "upstream/step.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tokenbroker::provision {

// One step for people, as it happens. Holds no secret.
struct StepReport {
    std::string step;
    std::string request;  // as recipe::shown_request
    core::Verdict verdict = core::Verdict::ok;
    std::optional<int> status;
    std::string shape;  // of the answer, as recipe::shape_of
    std::vector<std::pair<std::string, std::string>>
        taken;            // names and what is shown of the values
    std::string message;  // why it is not ok, whole
};
using OnStep = std::function<void(const StepReport&)>;

// Keeps the last answer, for a report.
class WatchedTransport final : public upstream::Transport {
public:
    // `transport` outlives it.
    explicit WatchedTransport(upstream::Transport& transport) : transport_(transport) {}
    boost::asio::awaitable<upstream::Exchange> exchange(
        std::shared_ptr<const upstream::Endpoint> endpoint, upstream::Request request) override;
    [[nodiscard]] const std::optional<upstream::Answer>& last() const noexcept { return last_; }
    void forget() { last_.reset(); }

private:
    upstream::Transport& transport_;
    std::optional<upstream::Answer> last_;
};

// Runs steps and reports each.
class ReportedSteps {
public:
    // All outlive it, and it outlives its coroutines.
    ReportedSteps(upstream::Transport& transport, const async::Clock& clock, Logger& log,
                  OnStep on_step)
        : watched_(transport), steps_(watched_, clock, log), on_step_(std::move(on_step)) {}

    // `step` is one of the target's recipe.
    boost::asio::awaitable<upstream::StepOutcome> run(upstream::Target target,
                                                      const recipe::Step& step,
                                                      recipe::Values values);

private:
    void report(const upstream::Target& target, const recipe::Step& step,
                const recipe::Values& values, const upstream::StepOutcome& outcome);

    WatchedTransport watched_;
    upstream::StepRunner steps_;
    OnStep on_step_;
};

}  // namespace tokenbroker::provision
