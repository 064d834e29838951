#include "config/difference.hpp"
#include "config/system_environment.hpp"
#include "daemon/convert.hpp"
#include "daemon/daemon.hpp"

#include <functional>
#include <memory>
#include <utility>

// Reading the configuration anew: all of it or nothing.
namespace tokenbroker::daemon {

namespace asio = boost::asio;

asio::awaitable<config::Loaded> Daemon::load_configuration() {
    std::function<config::Loaded()> load = [origin = origin_] {
        config::SystemEnvironment environment;
        return config::load(origin, environment);
    };
    config::Loaded loaded = co_await slow_.run<config::Loaded>(std::move(load));
    co_return loaded;
}

asio::awaitable<api::ReloadReply> Daemon::reload() {
    // One at a time; the second one sees what the first one made of it.
    while (reloading_)
        co_await reloaded_.wait();
    reloading_ = true;
    config::Loaded loaded = co_await load_configuration();
    api::ReloadReply reply;
    for (const Mistake& warning : loaded.warnings) {
        log_.warn("configuration_warning", warning.text());
        reply.warnings.push_back(warning.text());
    }
    if (!loaded.settings) {
        for (const Mistake& mistake : loaded.mistakes)
            log_.error("configuration_mistake", mistake.text());
        log_.error("reload_refused", "the configuration has mistakes: the running one stays",
                   {{"mistakes", loaded.mistakes.size()}});
        last_reload_ = loaded.mistakes.empty() ? "unreadable" : loaded.mistakes.front().text();
        ++metrics_.process().reloads_refused;
        reply.mistakes = std::move(loaded.mistakes);
    } else {
        const config::Difference difference = config::compare(settings_, *loaded.settings);
        reply.changed = difference.lines();
        reply.restart_needed = difference.restart_needed;
        co_await apply(std::move(*loaded.settings));
        last_reload_.clear();
        ++metrics_.process().reloads;
        for (const std::string& line : reply.changed)
            log_.info("configuration_changed", line);
        for (const std::string& key : reply.restart_needed) {
            log_.warn("restart_needed", "a changed setting holds only after a restart",
                      {{"setting", key}});
        }
        log_.info("reloaded", difference.summary(), {{"accounts", settings_.accounts.size()}});
    }
    manager_.status(status_line());
    reloading_ = false;
    reloaded_.notify_all();
    co_return reply;
}

asio::awaitable<void> Daemon::apply(config::Settings settings) {
    // These are read at start only: what runs stays what it is.
    settings.socket = settings_.socket;
    settings.state = settings_.state;
    settings.metrics = settings_.metrics;
    log_.set_level(settings.log.level);
    server_->set_limits(api_limits(settings.limits));
    server_->set_audit(settings.log.audit);
    broker::Settings accounts = broker_settings(settings);
    co_await broker_.apply(std::move(accounts));
    std::vector<sinks::AccountSinks> sinks = sinks_of(settings);
    co_await sinks_.apply(std::move(sinks));
    report_sinks();
    settings_ = std::move(settings);
}

}  // namespace tokenbroker::daemon
