#include "async/offload.hpp"
#include "cli/recipes_helper.hpp"
#include "host/system_clock.hpp"
#include "upstream/http_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <iostream>

namespace tokenbroker::cli {
namespace {

namespace asio = boost::asio;

// What a step came to is printed; the daemon's log lines would say it again.
class NoLog final : public Logger {
public:
    void write(LogLevel /*level*/, std::string_view /*event*/, std::string_view /*message*/,
               std::initializer_list<LogField> /*fields*/) override {}
    [[nodiscard]] bool enabled(LogLevel /*level*/) const noexcept override { return false; }
};

}  // namespace

void run_with_network(const NetworkTask& task, bool* interrupted) {
    asio::io_context loop(1);
    host::SystemClock clock(loop.get_executor());
    async::Offload offload(loop, 1);
    upstream::HttpClient client(clock, offload, "tokenctl/" TOKENBROKER_VERSION);
    NoLog log;
    asio::signal_set signals(loop);
    if (interrupted != nullptr) {
        signals.add(SIGINT);
        signals.add(SIGTERM);
        signals.async_wait([&](const boost::system::error_code& ended, int /*number*/) {
            if (ended) return;
            *interrupted = true;
            signals.clear();
            std::cerr << "stopping after this request; once more to end at once\n";
        });
    }
    std::exception_ptr failure;
    asio::co_spawn(loop, task(Network{client, clock, log}), [&](const std::exception_ptr& thrown) {
        failure = thrown;
        signals.cancel();
    });
    loop.run();
    if (failure) std::rethrow_exception(failure);
}

Result<config::BaseUrl> read_base_url(const UpstreamOptions& options,
                                      const recipe::Recipe& recipe) {
    auto url = config::parse_base_url(options.base_url);
    if (!url) return url.error().during("--base-url");
    if (!url->tls && !options.insecure_http) {
        return Error(Errc::invalid_input,
                     "--base-url: passwords and tokens go over https only; --insecure-http takes "
                     "http all the same");
    }
    url->path = recipe.base_path(url->path);
    return url;
}

upstream::Target target_of(const UpstreamOptions& options, const recipe::RecipeHandle& recipe,
                           const config::BaseUrl& url) {
    auto endpoint = std::make_shared<upstream::Endpoint>();
    endpoint->tls = url.tls;
    endpoint->at = upstream::HostAndPort(url.host, url.port);
    endpoint->trust.ca_file = options.ca_file;
    return upstream::Target{"tokenctl", recipe, url.path, std::move(endpoint)};
}

std::string text_of(const provision::StepReport& report, bool with_request) {
    const bool ok = report.verdict == core::Verdict::ok;
    std::string text =
        report.step + ": " + (ok ? "ok" : std::string(core::verdict_name(report.verdict)));
    if (report.status) text += ", HTTP " + std::to_string(*report.status);
    text += "\n";
    const auto indented = [&](std::string_view lines) {
        while (!lines.empty()) {
            const std::size_t end = std::min(lines.find('\n'), lines.size());
            text.append(end == 0 ? "" : "    ").append(lines.substr(0, end)).append("\n");
            lines.remove_prefix(std::min(end + 1, lines.size()));
        }
    };
    if (with_request) indented(report.request);
    if (with_request && !report.shape.empty()) text += "  answer: " + report.shape + "\n";
    for (const auto& [name, value] : report.taken)
        text.append("  took ").append(name).append(": ").append(value).append("\n");
    if (!ok) text += "  " + report.message + "\n";
    return text;
}

}  // namespace tokenbroker::cli
