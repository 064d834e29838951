#include "provision/reported_steps.hpp"

#include "base/mask.hpp"
#include "recipe/answer.hpp"
#include "recipe/shape.hpp"

namespace tokenbroker::provision {
namespace {

namespace asio = boost::asio;

constexpr std::size_t longest_message = 4000;

std::vector<std::pair<std::string, std::string>> shown(const recipe::Values& taken) {
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& [name, value] : taken.all()) {
        const std::size_t length = value.as_text().size();
        all.emplace_back(name, value.secret() ? "*** (" + std::to_string(length) + " characters)"
                                              : printable(value.shown(), 200));
    }
    return all;
}

}  // namespace

asio::awaitable<upstream::Exchange> WatchedTransport::exchange(
    std::shared_ptr<const upstream::Endpoint> endpoint, upstream::Request request) {
    last_.reset();
    auto exchanged = co_await transport_.exchange(std::move(endpoint), std::move(request));
    if (exchanged) last_ = *exchanged;
    co_return exchanged;
}

asio::awaitable<upstream::StepOutcome> ReportedSteps::run(upstream::Target target,
                                                          const recipe::Step& step,
                                                          recipe::Values values) {
    watched_.forget();
    std::string attempt = "tokenctl";
    auto outcome = co_await steps_.run(target, step, values, attempt);
    report(target, step, values, outcome);
    co_return outcome;
}

void ReportedSteps::report(const upstream::Target& target, const recipe::Step& step,
                           const recipe::Values& values, const upstream::StepOutcome& outcome) {
    StepReport report;
    report.step = outcome.step;
    report.verdict = outcome.verdict;
    report.status = outcome.status;
    report.message = outcome.message;
    report.taken = shown(outcome.taken);
    const auto request =
        recipe::shown_request(step, recipe::shown_values(*target.recipe, values), target.base_path);
    report.request = request ? *request : request.error().message();
    if (const auto& answer = watched_.last()) {
        report.shape = recipe::shape_of(answer->body.reveal());
        // The outcome's message is cut short for a log line; a list of choices is longer.
        const recipe::Answer seen{answer->status, answer->retry_after, answer->location,
                                  answer->body.reveal()};
        const auto reading =
            recipe::read_answer(step, seen, values, target.recipe->answers, clock_.now().wall);
        std::string whole = reading.cause;
        if (!reading.upstream_text.empty()) whole += ": " + reading.upstream_text;
        report.message = printable(mask_secrets(whole, values.secrets()), longest_message);
    }
    on_step_(report);
}

}  // namespace tokenbroker::provision
