#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstdint>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <string>
#include <tokenbroker/client.hpp>
#include <tokenbroker/detail/wire.hpp>
#include <utility>

// The client library's Asio form: the same calls as coroutines. Header-only over
// tokenbroker::client; the program brings Boost.Asio (1.78 or newer).
//
//     tokenbroker::client::AsyncClient client(co_await boost::asio::this_coro::executor);
//     auto token = co_await client.get("rossum-prod");
//
// A call that is cancelled (terminal) ends with an Error of kind `failed`.
namespace tokenbroker::client {

namespace detail {

using AsioClock = std::chrono::steady_clock;

// A socket with a deadline. Shared, because the timer's handler may run after the coroutine has
// ended.
struct AsioWire : std::enable_shared_from_this<AsioWire> {
    explicit AsioWire(const boost::asio::any_io_executor& executor)
        : socket(executor), timer(executor) {}

    void set_deadline(AsioClock::time_point deadline) {
        timed_out = false;
        timer.expires_at(deadline);
        timer.async_wait([weak = weak_from_this()](boost::system::error_code error) {
            const auto self = weak.lock();
            if (error || !self || self->timer.expiry() > AsioClock::now()) return;
            self->timed_out = true;
            boost::system::error_code ignored;
            self->socket.cancel(ignored);
        });
    }

    boost::asio::local::stream_protocol::socket socket;
    boost::asio::steady_timer timer;
    bool timed_out = false;
};
using AsioWirePointer = std::shared_ptr<AsioWire>;

inline Error cancelled_error() {
    return {ErrorKind::failed, "the call was cancelled"};
}

// 0, or the errno of what failed.
inline boost::asio::awaitable<int> asio_connect(AsioWirePointer wire, std::string path,
                                                AsioClock::time_point deadline) {
    boost::system::error_code error;
    wire->socket.open(boost::asio::local::stream_protocol(), error);
    if (!error) wire->socket.native_non_blocking(true, error);
    if (error) co_return error.value();
    fcntl(wire->socket.native_handle(), F_SETFD, FD_CLOEXEC);
    // Asio takes a full backlog (EAGAIN) for a connection under way, and then for success.
    for (unsigned attempt = 0;; ++attempt) {
        const int failure = try_connect(wire->socket.native_handle(), path);
        if (failure != EAGAIN || AsioClock::now() >= deadline) co_return failure;
        wire->timer.expires_after(connect_pause(attempt));
        co_await wire->timer.async_wait(
            boost::asio::redirect_error(boost::asio::use_awaitable, error));
        if (error) co_return ECANCELED;
    }
}

inline boost::asio::awaitable<Result<Answer>> asio_exchange(boost::asio::any_io_executor executor,
                                                            Options options, Request request) {
    const auto wire = std::make_shared<AsioWire>(executor);
    const auto connect_deadline = AsioClock::now() + options.connect_timeout;
    const int failure = co_await asio_connect(wire, options.socket, connect_deadline);
    if (failure == ECANCELED) co_return cancelled_error();
    if (failure != 0) co_return connect_error(options.socket, failure);

    wire->set_deadline(AsioClock::now() + options.answer_timeout + request.wait);
    boost::system::error_code error;
    std::string bytes = render(request);
    co_await boost::asio::async_write(
        wire->socket, boost::asio::buffer(bytes),
        boost::asio::redirect_error(boost::asio::use_awaitable, error));
    AnswerReader reader;
    while (reader.state() == AnswerReader::State::head ||
           reader.state() == AnswerReader::State::body) {
        if (wire->timed_out) co_return timeout_error(options.socket, "did not answer");
        if (error == boost::asio::error::operation_aborted) co_return cancelled_error();
        bytes.resize(read_size);
        const std::size_t got = co_await wire->socket.async_read_some(
            boost::asio::buffer(bytes),
            boost::asio::redirect_error(boost::asio::use_awaitable, error));
        if (got > 0) {
            reader.feed(std::string_view(bytes).substr(0, got));
        } else if (error != boost::asio::error::operation_aborted &&
                   reader.end() == AnswerReader::State::broken) {
            co_return lost_error(options.socket);
        }
    }
    wire->timer.cancel();
    wipe(bytes);
    if (reader.state() == AnswerReader::State::broken) {
        co_return Error(ErrorKind::failed,
                        "the daemon's answer can't be read: " + reader.why_broken());
    }
    co_return reader.take();
}

inline boost::asio::awaitable<Result<Token>> asio_token(boost::asio::any_io_executor executor,
                                                        Options options, Request request) {
    const auto answer =
        co_await asio_exchange(std::move(executor), std::move(options), std::move(request));
    if (!answer) co_return answer.error();
    co_return read_token(*answer);
}

struct AsioWatch {
    AsioWatch(const boost::asio::any_io_executor& where, Options settings, std::string name)
        : executor(where),
          options(std::move(settings)),
          account(std::move(name)),
          memory(options),
          pause(where) {}

    boost::asio::any_io_executor executor;
    Options options;
    std::string account;
    WatchMemory memory;
    boost::asio::steady_timer pause;
    AsioWirePointer wire;
    std::optional<StreamReader> reader;
    std::optional<AsioClock::time_point> connected_at;
    std::string bytes;
    bool stopped = false;
};
using AsioWatchPointer = std::shared_ptr<AsioWatch>;

// False: cancelled.
inline boost::asio::awaitable<bool> asio_connect_stream(AsioWatchPointer watch) {
    boost::system::error_code error;
    if (watch->connected_at) {
        const auto lasted =
            std::chrono::floor<Milliseconds>(AsioClock::now() - *watch->connected_at);
        watch->pause.expires_after(watch->memory.pause(lasted));
        co_await watch->pause.async_wait(
            boost::asio::redirect_error(boost::asio::use_awaitable, error));
        if (error || watch->stopped) co_return false;
    }
    watch->connected_at = AsioClock::now();
    watch->reader.emplace();
    const auto wire = std::make_shared<AsioWire>(watch->executor);
    watch->wire = wire;  // for stop()
    const auto deadline = *watch->connected_at + watch->options.connect_timeout;
    const int failure = co_await asio_connect(wire, watch->options.socket, deadline);
    if (failure == 0) {
        wire->set_deadline(deadline);
        watch->bytes = render_stream_request(watch->account, watch->memory.last_generation());
        co_await boost::asio::async_write(
            wire->socket, boost::asio::buffer(watch->bytes),
            boost::asio::redirect_error(boost::asio::use_awaitable, error));
        if (!error || wire->timed_out || error != boost::asio::error::operation_aborted)
            co_return true;
    }
    watch->wire.reset();
    if (failure == ECANCELED || failure == 0) co_return false;
    watch->reader->fail(connect_error(watch->options.socket, failure));
    co_return true;
}

// False: cancelled.
inline boost::asio::awaitable<bool> asio_read_stream(AsioWatchPointer watch) {
    const auto wire = watch->wire;
    const bool was_open = watch->reader->open();
    wire->set_deadline(AsioClock::now() +
                       (was_open ? watch->options.stream_silence : watch->options.answer_timeout));
    boost::system::error_code error;
    watch->bytes.resize(read_size);
    const std::size_t got = co_await wire->socket.async_read_some(
        boost::asio::buffer(watch->bytes),
        boost::asio::redirect_error(boost::asio::use_awaitable, error));
    wire->timer.cancel();
    bool usable = false;
    if (got > 0) {
        usable = watch->reader->feed(std::string_view(watch->bytes).substr(0, got));
    } else if (wire->timed_out) {
        watch->reader->fail(timeout_error(watch->options.socket, "sent nothing"));
    } else if (error == boost::asio::error::operation_aborted) {
        co_return false;
    } else {
        watch->reader->end(watch->options.socket);
    }
    wipe(watch->bytes);
    if (!was_open && watch->reader->open()) watch->memory.opened();
    if (!usable) watch->wire.reset();
    co_return true;
}

inline boost::asio::awaitable<Result<Token>> asio_next(AsioWatchPointer watch) {
    bool going = true;
    while (going && !watch->stopped) {
        auto event = watch->reader ? watch->reader->next() : std::nullopt;
        if (event) {
            if (watch->memory.is_news(*event)) co_return std::move(*event);
        } else if (!watch->wire) {
            going = co_await asio_connect_stream(watch);
        } else {
            going = co_await asio_read_stream(watch);
        }
    }
    co_return cancelled_error();
}

}  // namespace detail

// As Client. Holds no connection; a call needs it no longer than until it returned its awaitable.
class AsyncClient {
public:
    explicit AsyncClient(boost::asio::any_io_executor executor, Options options = Options())
        : executor_(std::move(executor)), options_(Client(std::move(options)).options()) {}

    [[nodiscard]] boost::asio::awaitable<Result<Token>> get(const std::string& account,
                                                            GetOptions options = {}) const {
        return detail::asio_token(executor_, options_, detail::token_request(account, options));
    }
    [[nodiscard]] boost::asio::awaitable<Result<Token>> rejected(
        const std::string& account, std::uint64_t generation,
        Milliseconds wait = Milliseconds(5'000)) const {
        return detail::asio_token(executor_, options_,
                                  detail::rejected_request(account, generation, wait));
    }
    [[nodiscard]] boost::asio::awaitable<Result<Answer>> ask(Request request) const {
        return detail::asio_exchange(executor_, options_, std::move(request));
    }

private:
    boost::asio::any_io_executor executor_;
    Options options_;
};

// As Watch, but for one thread: the executor's. One next() at a time.
class AsyncWatch {
public:
    AsyncWatch(const boost::asio::any_io_executor& executor, std::string account,
               Options options = Options())
        : state_(std::make_shared<detail::AsioWatch>(executor, Client(std::move(options)).options(),
                                                     std::move(account))) {}
    ~AsyncWatch() { stop(); }
    AsyncWatch(const AsyncWatch&) = delete;
    AsyncWatch& operator=(const AsyncWatch&) = delete;

    [[nodiscard]] boost::asio::awaitable<Result<Token>> next() { return detail::asio_next(state_); }
    [[nodiscard]] std::shared_ptr<const Token> current() const {
        const auto& token = state_->memory.token();
        return token && !token->expired() ? token : nullptr;
    }
    // Ends a next() that is under way, and each one to come.
    void stop() {
        state_->stopped = true;
        state_->pause.cancel();
        if (!state_->wire) return;
        boost::system::error_code ignored;
        state_->wire->socket.cancel(ignored);
        state_->wire->timer.cancel();
    }

private:
    std::shared_ptr<detail::AsioWatch> state_;
};

}  // namespace tokenbroker::client
