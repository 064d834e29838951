#include "upstream/runner.hpp"

#include <algorithm>
#include <utility>

namespace tokenbroker::upstream {
namespace {

namespace asio = boost::asio;
using core::Verdict;

// Whether what the login gave is worth holding for another try of the step that failed.
bool still_of_use(const StepOutcome& failed) {
    return failed.optional ||
           (failed.verdict != Verdict::refused && failed.verdict != Verdict::expired);
}

}  // namespace

const std::vector<recipe::Step>& Progress::steps(const recipe::Recipe& recipe) const noexcept {
    switch (flow_) {
        case Flow::acquire:
            return recipe.acquire;
        case Flow::refresh:
            return recipe.refresh;
        case Flow::revoke:
            break;
    }
    return recipe.revoke;
}

unsigned Progress::logins_ahead(const recipe::Recipe& recipe) const {
    const auto& all = steps(recipe);
    const auto ahead = all.begin() + static_cast<std::ptrdiff_t>(std::min(next_, all.size()));
    return static_cast<unsigned>(std::count_if(ahead, all.end(), [this](const recipe::Step& step) {
        return step.login && recipe::runs(step, values_);
    }));
}

asio::awaitable<Run> Runner::run(Target target, Progress progress, std::string attempt) {
    Run run;
    run.last.verdict = Verdict::ok;
    const recipe::Recipe& recipe = *target.recipe;
    const std::vector<recipe::Step>& steps = progress.steps(recipe);
    std::optional<Progress> before_last;  // a step after a good login, to be asked once more
    for (; progress.next_ < steps.size(); ++progress.next_) {
        const recipe::Step& step = steps[progress.next_];
        if (!recipe::runs(step, progress.values_)) continue;
        auto outcome = co_await steps_.run(target, step, progress.values_, attempt);
        if (step.login && outcome.sent) run.login_sent = outcome.sent;
        run.last = std::move(outcome);
        if (run.last.verdict != Verdict::ok) {
            if (progress.logged_in_ && still_of_use(run.last)) run.resume = std::move(progress);
            co_return run;
        }
        before_last.reset();
        if (progress.logged_in_ && !step.login) before_last = progress;
        progress.values_.merge(run.last.taken);
        progress.logged_in_ = progress.logged_in_ || step.login;
        if (recipe::gives_token(recipe, step)) progress.token_sent_ = run.last.sent;
    }
    if (progress.flow_ != Progress::Flow::revoke) make_token(run, recipe, progress);
    if (run.last.verdict != Verdict::ok) run.resume = std::move(before_last);
    co_return run;
}

// All steps were done. What they took may still be no token: then the last one gave nothing of use.
void Runner::make_token(Run& run, const recipe::Recipe& recipe, const Progress& progress) {
    run.token_sent = progress.token_sent_.value_or(clock_.now());
    auto token = recipe::token_of(recipe, progress.values_, run.token_sent.wall);
    if (!token) {
        run.last.verdict = Verdict::unexpected;
        run.last.message = token.error().message();
        return;
    }
    run.token = std::move(*token);
    if (!recipe.keep.empty()) run.kept = recipe::write_kept(recipe, progress.values_);
}

asio::awaitable<StepOutcome> Runner::probe(Target target, recipe::Values values,
                                           std::string attempt) {
    // A named copy of the handle: the step lives as long as the coroutine does.
    const recipe::RecipeHandle recipe = target.recipe;
    auto outcome = co_await steps_.run(std::move(target), *recipe->probe, std::move(values),
                                       std::move(attempt));
    co_return outcome;
}

}  // namespace tokenbroker::upstream
