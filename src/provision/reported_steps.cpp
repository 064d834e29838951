#include "provision/reported_steps.hpp"

#include "base/mask.hpp"
#include "recipe/shape.hpp"

namespace tokenbroker::provision {
namespace {

namespace asio = boost::asio;

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
    report.message = outcome.whole_message;
    report.taken = shown(outcome.taken);
    const auto request =
        recipe::shown_request(step, recipe::shown_values(*target.recipe, values), target.base_path);
    report.request = request ? *request : request.error().message();
    const auto sent = recipe::fill(step, values, target.base_path);
    const auto& answer = watched_.last();
    if (sent && answer) {
        report.shape =
            recipe::shape_of(answer->body.reveal(), upstream::secrets_of(target, values, *sent));
    }
    on_step_(report);
}

}  // namespace tokenbroker::provision
