#include "sinks/sink_set.hpp"

#include <utility>

namespace tokenbroker::sinks {

namespace asio = boost::asio;
namespace {

// A reload is not held up for longer by a disk that hangs.
constexpr Milliseconds patience_with_files = std::chrono::seconds(2);

}  // namespace

asio::awaitable<void> SinkSet::apply(std::vector<AccountSinks> wanted) {
    std::map<std::string, std::pair<broker::AccountHandle, Settings>> by_path;
    for (const AccountSinks& account : wanted) {
        for (const Settings& settings : account.sinks) {
            by_path.emplace(settings.path, std::make_pair(account.account, settings));
        }
    }
    std::erase_if(by_path_, [](const auto& running) {
        return running.second->left() && running.second->idle();
    });
    for (auto& [path, sink] : by_path_) {
        const auto next = by_path.find(path);
        if (next == by_path.end()) {
            if (!sink->leaving()) sink->leave();
            continue;
        }
        auto& [account, settings] = next->second;
        if (sink->leaving() || sink->account() != account || !(sink->settings() == settings))
            sink->configure(account, settings);
        by_path.erase(next);
    }
    const BootTime deadline = around_.clock.now().boot + patience_with_files;
    for (auto& [path, sink] : by_path_) {
        if (sink->leaving()) co_await sink->until_left(deadline);
    }
    for (auto& [path, added] : by_path) {
        auto sink = std::make_unique<Sink>(around_, added.first, added.second);
        sink->start();
        by_path_.emplace(path, std::move(sink));
    }
}

asio::awaitable<void> SinkSet::stop() {
    for (auto& [path, sink] : by_path_)
        co_await sink->stop();
    by_path_.clear();
}

std::vector<broker::AccountStatus::Sink> SinkSet::status(const AccountName& account) const {
    std::vector<broker::AccountStatus::Sink> all;
    for (const auto& [path, sink] : by_path_) {
        if (sink->account()->name() == account && !sink->left()) all.push_back(sink->status());
    }
    return all;
}

}  // namespace tokenbroker::sinks
