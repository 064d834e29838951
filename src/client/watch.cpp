#include "client/connection.hpp"

#include <cerrno>
#include <fcntl.h>
#include <mutex>
#include <optional>
#include <system_error>
#include <tokenbroker/detail/wire.hpp>
#include <unistd.h>
#include <utility>

namespace tokenbroker::client {

namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

// What next() keeps between calls. Only token_ and stopped_ are shared with other threads.
class Watch::State {
public:
    State(const Client& client, std::string account)
        : options_(client.options()), account_(std::move(account)), memory_(options_) {
        if (pipe2(stop_, O_CLOEXEC | O_NONBLOCK) != 0) {
            throw std::system_error(errno, std::generic_category(), "tokenbroker: a watch's pipe");
        }
    }
    ~State() {
        close(stop_[0]);
        close(stop_[1]);
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    Result<Token> next() {
        while (!stopped_) {
            auto event = reader_ ? reader_->next() : std::nullopt;
            if (event) {
                const bool news = memory_.is_news(*event);
                share(memory_.token());
                if (news) return std::move(*event);
            } else if (!connection_) {
                connect();
            } else {
                read();
            }
        }
        return Error(ErrorKind::failed, "the watch was stopped");
    }

    std::shared_ptr<const Token> current() const {
        const std::lock_guard lock(mutex_);
        return token_ && !token_->expired() ? token_ : nullptr;
    }

    void stop() noexcept {
        stopped_ = true;
        // A full pipe is as good: it can be read.
        [[maybe_unused]] const auto written = write(stop_[1], "", 1);
    }
    bool stopped() const noexcept { return stopped_; }

private:
    void share(std::shared_ptr<const Token> token) {
        const std::lock_guard lock(mutex_);
        token_ = std::move(token);
    }

    void connect() {
        if (connected_at_) {
            const auto lasted = std::chrono::floor<Milliseconds>(Clock::now() - *connected_at_);
            if (pause_until(Clock::now() + memory_.pause(lasted), stop_[0])) return;
        }
        connected_at_ = Clock::now();
        reader_.emplace();
        auto opened =
            Connection::open(options_.socket, *connected_at_ + options_.connect_timeout, stop_[0]);
        if (!opened) return reader_->fail(std::move(opened).error());
        const auto request = detail::render_stream_request(account_, memory_.last_generation());
        const Trouble unsent = opened->send(request, *connected_at_ + options_.connect_timeout);
        if (unsent != Trouble::none) return reader_->fail(detail::lost_error(options_.socket));
        connection_.emplace(*std::move(opened));
    }

    void read() {
        const bool was_open = reader_->open();
        const auto patience = was_open ? options_.stream_silence : options_.answer_timeout;
        const Trouble trouble = connection_->receive(bytes_, Clock::now() + patience);
        bool usable = false;
        if (trouble == Trouble::timeout) {
            reader_->fail(detail::timeout_error(options_.socket, "sent nothing"));
        } else if (trouble != Trouble::none || bytes_.empty()) {
            reader_->end(options_.socket);
        } else {
            usable = reader_->feed(bytes_);
        }
        detail::wipe(bytes_);
        if (!was_open && reader_->open()) memory_.opened();
        if (!usable) connection_.reset();
    }

    Options options_;
    std::string account_;
    detail::WatchMemory memory_;
    std::optional<detail::StreamReader> reader_;
    std::optional<Connection> connection_;
    std::optional<Clock::time_point> connected_at_;
    std::string bytes_;
    int stop_[2] = {-1, -1};
    std::atomic<bool> stopped_ = false;
    mutable std::mutex mutex_;
    std::shared_ptr<const Token> token_;
};

Watch::Watch(const Client& client, std::string account)
    : state_(std::make_unique<State>(client, std::move(account))) {}
Watch::~Watch() = default;

Result<Token> Watch::next() {
    return state_->next();
}
std::shared_ptr<const Token> Watch::current() const {
    return state_->current();
}
void Watch::stop() noexcept {
    state_->stop();
}
bool Watch::stopped() const noexcept {
    return state_->stopped();
}

void watch(const Client& client, std::string account,
           const std::function<bool(const Result<Token>&)>& on_news) {
    Watch follower(client, std::move(account));
    while (on_news(follower.next())) {
    }
}

}  // namespace tokenbroker::client
