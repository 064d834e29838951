#include "upstream/step.hpp"

#include "base/mask.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace tokenbroker::upstream {
namespace {

namespace asio = boost::asio;
using core::Verdict;

constexpr std::size_t longest_message = 200;
constexpr std::size_t longest_whole_message = 4000;
constexpr std::size_t longest_upstream_text = 400;  // of either

// Masked first, then cut: half a secret is found by no search.
std::string shown(std::string text, const std::vector<Secret>& secrets, std::size_t longest) {
    std::string masked = printable(mask_secrets(text, secrets), longest);
    wipe(text.data(), text.size());
    return masked;
}

void tell(StepOutcome& outcome, std::string text, const std::vector<Secret>& secrets) {
    outcome.whole_message = shown(std::move(text), secrets, longest_whole_message);
    outcome.message = printable(outcome.whole_message, longest_message);
}

// As one word: the names of provisioning steps have spaces.
std::string request_id(const std::string& attempt, const std::string& step) {
    std::string id = attempt + "-" + step;
    std::replace_if(
        id.begin(), id.end(), [](unsigned char c) { return c <= 0x20 || c >= 0x7f; }, '-');
    return id;
}

Request request_of(recipe::FilledRequest filled, std::string id) {
    Request request;
    request.method = std::move(filled.method);
    request.target = std::move(filled.target);
    request.body = std::move(filled.body);
    request.id = std::move(id);
    for (recipe::FilledHeader& header : filled.headers) {
        request.headers.emplace_back(std::move(header.name), std::move(header.value));
    }
    return request;
}

// Without an answer: a fault of the way there, or of our configuration.
void take_failure(StepOutcome& outcome, const Failure& failure,
                  const std::vector<Secret>& secrets) {
    const Errc code = failure.error.code();
    const bool ours = code == Errc::misconfigured || code == Errc::invalid_input;
    outcome.verdict = ours ? Verdict::misconfigured : Verdict::unavailable;
    // Something answered, but no HTTP that we take: not the fault of a moment.
    if (code == Errc::bad_answer || code == Errc::too_large) outcome.verdict = Verdict::unexpected;
    outcome.sent = failure.sent;
    tell(outcome, failure.error.message(), secrets);
}

void take_answer(StepOutcome& outcome, const Answer& answer, const recipe::Step& step,
                 const recipe::Values& values, const recipe::Recipe& recipe,
                 const std::vector<Secret>& secrets, WallTime now) {
    outcome.sent = answer.sent;
    outcome.status = answer.status;
    recipe::Answer seen{answer.status, answer.retry_after, std::nullopt, answer.body.reveal()};
    if (answer.location) seen.location = mask_secrets(*answer.location, secrets);
    recipe::Reading reading = recipe::read_answer(step, seen, values, recipe.answers, now);
    outcome.verdict = reading.verdict;
    outcome.retry_after = reading.retry_after;
    outcome.taken = std::move(reading.taken);
    const std::string words =
        shown(std::move(reading.upstream_text), secrets, longest_upstream_text);
    tell(outcome, std::move(reading.cause), secrets);
    if (words.empty()) return;
    outcome.whole_message = printable(outcome.whole_message + ": " + words, longest_whole_message);
    outcome.message = printable(outcome.whole_message, longest_message);
}

}  // namespace

std::vector<Secret> secrets_of(const Target& target, const recipe::Values& values,
                               const recipe::FilledRequest& filled) {
    std::vector<Secret> secrets = values.secrets();
    secrets.insert(secrets.end(), target.also_secret.begin(), target.also_secret.end());
    for (const recipe::FilledHeader& header : filled.headers) {
        if (header.name != "Authorization") continue;
        const std::string_view value = header.value.reveal();
        secrets.push_back(header.value);
        secrets.emplace_back(value.substr(value.find(' ') + 1));
    }
    return secrets;
}

asio::awaitable<StepOutcome> StepRunner::run(Target target, const recipe::Step& step,
                                             recipe::Values values, std::string attempt) {
    StepOutcome outcome;
    outcome.step = step.name;
    outcome.optional = step.optional;
    Line line;
    line.account = target.account;
    line.attempt = attempt;
    line.request_id = request_id(attempt, step.name);
    line.login = step.login;

    auto filled = recipe::fill(step, values, target.base_path);
    if (!filled) {
        outcome.verdict = Verdict::misconfigured;
        tell(outcome, filled.error().message(), values.secrets());
        write(line, outcome, {});
        co_return outcome;
    }
    const std::vector<Secret> secrets = secrets_of(target, values, *filled);
    line.method = filled->method;
    line.path = mask_secrets(filled->path, secrets);

    const BootTime begun = clock_.now().boot;
    auto request = request_of(std::move(*filled), line.request_id);
    auto exchanged = co_await transport_.exchange(target.endpoint, std::move(request));
    const Moment now = clock_.now();
    if (exchanged) {
        take_answer(outcome, *exchanged, step, values, *target.recipe, secrets, now.wall);
    } else {
        take_failure(outcome, exchanged.error(), secrets);
    }
    write(line, outcome, now.boot - begun);
    co_return outcome;
}

void StepRunner::write(const Line& line, const StepOutcome& outcome, Milliseconds took) {
    const bool ok = outcome.verdict == Verdict::ok;
    const LogLevel level = line.login || !ok ? LogLevel::info : LogLevel::debug;
    if (!log_.enabled(level)) return;
    log_.write(level, "step_done", ok ? "a step was done" : "a step was not done",
               {{"account", line.account},
                {"attempt", line.attempt},
                {"step", outcome.step},
                {"method", line.method},
                {"path", line.path},
                {"request_id", line.request_id},
                {"verdict", core::verdict_name(outcome.verdict)},
                {"status", outcome.status},
                {"sent", outcome.sent.has_value()},
                {"milliseconds", std::int64_t{took.count()}},
                {"cause", outcome.message}});
}

}  // namespace tokenbroker::upstream
