#pragma once

#include "sinks/sink.hpp"

#include <boost/asio/awaitable.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tokenbroker::sinks {

struct AccountSinks {
    broker::AccountHandle account;
    std::vector<Settings> sinks;
};

// All sinks of the daemon. The room's door.
class SinkSet {
public:
    explicit SinkSet(const Surroundings& around) : around_(around) {}

    // Makes the running sinks those that are configured: what left is stopped and its file removed,
    // what is new or changed is started, the others are not touched. Not called twice at once.
    boost::asio::awaitable<void> apply(std::vector<AccountSinks> wanted);
    // Ends all; the files stay.
    boost::asio::awaitable<void> stop();

    [[nodiscard]] std::vector<broker::AccountStatus::Sink> status(const AccountName& account) const;

private:
    struct Running {
        broker::AccountHandle account;
        std::unique_ptr<Sink> sink;
    };
    Surroundings around_;
    std::map<std::string, Running> by_path_;
};

}  // namespace tokenbroker::sinks
