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
    async::Offload& commands;  // for `then`, which may take an hour, and nothing else
    host::FileSystem& files;
    Logger& log;
};

// One file that follows one account's token: written when the token changes, removed when there is
// none. Where that fails, this sink alone is degraded, and tried again. One coroutine has the file,
// so what is begun is always done before the next thing is; another one has the command.
class Sink {
public:
    Sink(const Surroundings& around, broker::AccountHandle account, Settings settings);

    void start();
    // The same path under other settings or for another account, also after leave().
    void configure(broker::AccountHandle account, Settings settings);
    // It has left the configuration: its file goes too, as soon as that can be done.
    void leave();
    [[nodiscard]] bool leaving() const noexcept { return leaving_; }
    // After leave(): the file is gone.
    [[nodiscard]] bool left() const noexcept { return leaving_ && !keeping_up_; }
    boost::asio::awaitable<void> until_left(BootTime deadline);
    // No task is left.
    [[nodiscard]] bool idle() const noexcept { return tasks_.empty(); }
    // Ends its tasks; the file stays as it is.
    boost::asio::awaitable<void> stop();

    [[nodiscard]] const broker::AccountHandle& account() const noexcept { return account_; }
    [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
    [[nodiscard]] broker::AccountStatus::Sink status() const;

private:
    boost::asio::awaitable<void> follow();
    boost::asio::awaitable<void> keep_up();
    boost::asio::awaitable<bool> bring_up_to_date(broker::PublishedToken token);
    boost::asio::awaitable<bool> remove();
    boost::asio::awaitable<void> run_commands();
    boost::asio::awaitable<void> run_command();
    void look();
    void failed(const std::string& message);
    [[nodiscard]] Milliseconds next_delay();

    Surroundings around_;
    broker::AccountHandle account_;
    Settings settings_;
    async::Nursery tasks_;
    async::Nursery::ChildId follower_ = 0;
    async::Event changed_;
    async::Event command_wanted_;
    async::Event left_;
    bool stale_ = true;
    bool leaving_ = false;
    bool keeping_up_ = false;
    bool commanding_ = false;
    bool command_due_ = false;

    std::string state_ = "pending";
    std::optional<std::string> last_error_;
    std::optional<std::string> last_command_;
    std::uint64_t failures_ = 0;
    unsigned failures_in_a_row_ = 0;
};

}  // namespace tokenbroker::sinks
