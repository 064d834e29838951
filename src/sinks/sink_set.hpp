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

    // Makes the running sinks those that are configured: the file of what left is removed, what is
    // new is started, the others are not touched where nothing changed. Waits a moment for files
    // that are to go; one that can't be removed is tried again, and shown in the status till then.
    // Not called twice at once.
    boost::asio::awaitable<void> apply(std::vector<AccountSinks> wanted);
    // Ends all; the files stay.
    boost::asio::awaitable<void> stop();

    [[nodiscard]] std::vector<broker::AccountStatus::Sink> status(const AccountName& account) const;

private:
    Surroundings around_;
    std::map<std::string, std::unique_ptr<Sink>> by_path_;
};

}  // namespace tokenbroker::sinks
