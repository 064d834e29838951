#pragma once

#include "async/clock.hpp"
#include "async/event.hpp"
#include "async/nursery.hpp"
#include "async/offload.hpp"
#include "base/log.hpp"
#include "broker/face.hpp"
#include "host/file_system.hpp"
#include "sinks/settings.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>

namespace tokenbroker::sinks {

// What sinks work with; all of it outlives them.
struct Surroundings {
    boost::asio::any_io_executor executor;
    async::Clock& clock;
    async::Offload& offload;
    host::FileSystem& files;
    Logger& log;
};

// One file that follows one account's token: written when the token changes, removed when there is
// none. Where that fails, this sink alone is degraded, and tried again.
class Sink {
public:
    Sink(const Surroundings& around, broker::AccountHandle account, Settings settings);

    void start();
    // Ends its tasks; the file stays as it is.
    boost::asio::awaitable<void> stop();
    // After stop(): the sink has left the configuration, and its file goes too.
    boost::asio::awaitable<void> remove_file();

    [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
    [[nodiscard]] broker::AccountStatus::Sink status() const;

private:
    boost::asio::awaitable<void> follow();
    boost::asio::awaitable<void> keep_up();
    boost::asio::awaitable<bool> bring_up_to_date(broker::PublishedToken token);
    boost::asio::awaitable<void> run_command();
    void failed(const std::string& message);
    [[nodiscard]] Milliseconds next_delay();

    Surroundings around_;
    broker::AccountHandle account_;
    Settings settings_;
    async::Nursery tasks_;
    async::Event changed_;
    bool stale_ = true;

    std::string state_ = "pending";
    std::optional<std::string> last_error_;
    std::optional<std::string> last_command_;
    std::uint64_t failures_ = 0;
    unsigned failures_in_a_row_ = 0;
};

}  // namespace tokenbroker::sinks
