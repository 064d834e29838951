#include "sinks/sink_set.hpp"

#include <utility>

namespace tokenbroker::sinks {

namespace asio = boost::asio;

asio::awaitable<void> SinkSet::apply(std::vector<AccountSinks> wanted) {
    std::map<std::string, std::pair<broker::AccountHandle, Settings>> by_path;
    for (const AccountSinks& account : wanted) {
        for (const Settings& settings : account.sinks) {
            by_path.emplace(settings.path, std::make_pair(account.account, settings));
        }
    }
    for (auto running = by_path_.begin(); running != by_path_.end();) {
        const auto next = by_path.find(running->first);
        const bool stays = next != by_path.end() && next->second.first == running->second.account &&
                           next->second.second == running->second.sink->settings();
        if (stays) {
            by_path.erase(next);
            ++running;
            continue;
        }
        Sink& sink = *running->second.sink;
        co_await sink.stop();
        // The path of a changed sink is written anew below.
        if (next == by_path.end()) co_await sink.remove_file();
        running = by_path_.erase(running);
    }
    for (auto& [path, added] : by_path) {
        auto sink = std::make_unique<Sink>(around_, added.first, added.second);
        sink->start();
        by_path_.emplace(path, Running{added.first, std::move(sink)});
    }
}

asio::awaitable<void> SinkSet::stop() {
    for (auto& [path, running] : by_path_)
        co_await running.sink->stop();
    by_path_.clear();
}

std::vector<broker::AccountStatus::Sink> SinkSet::status(const AccountName& account) const {
    std::vector<broker::AccountStatus::Sink> all;
    for (const auto& [path, running] : by_path_) {
        if (running.account->name() == account) all.push_back(running.sink->status());
    }
    return all;
}

}  // namespace tokenbroker::sinks
