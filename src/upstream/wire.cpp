#include "upstream/wire.hpp"

#include "upstream/tls_words.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/system/system_error.hpp>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <fcntl.h>
#include <optional>
#include <utility>

namespace tokenbroker::upstream {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
constexpr auto as_tuple = asio::as_tuple(asio::use_awaitable);

// Ends one wait on a socket at its deadline. Asio's own timers, and so Beast's, stand still while
// the machine sleeps; ours counts that.
class Limit {
public:
    Limit(async::Clock& clock, asio::ip::tcp::socket& socket, const Deadline& deadline)
        : clock_(clock), alarm_(clock.set_alarm(deadline.at(), [this, &socket] {
              passed_ = true;
              error_code ignored;
              socket.close(ignored);
          })) {}
    Limit(const Limit&) = delete;
    Limit& operator=(const Limit&) = delete;
    ~Limit() { clock_.cancel_alarm(alarm_); }

    // What the wait came to. A cancelled one ends the coroutine; every other error is a value.
    [[nodiscard]] error_code judge(error_code failed) const {
        if (passed_) return beast::error::timeout;
        if (failed == asio::error::operation_aborted) throw boost::system::system_error(failed);
        return failed;
    }

private:
    async::Clock& clock_;
    bool passed_ = false;
    async::Clock::AlarmId alarm_;
};

std::string words(error_code failed, const Deadline& deadline) {
    return failed == beast::error::timeout ? deadline.words() : failed.message();
}

// Server name indication is for names only.
bool expect_server(SSL* ssl, std::string name) {
    ::SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    error_code not_an_address;
    asio::ip::make_address(name, not_an_address);
    if (!not_an_address)
        return ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl), name.c_str()) == 1;
    // The macro for it casts in the old style.
    return ::SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) ==
               1 &&
           ::SSL_set1_host(ssl, name.c_str()) == 1;
}

}  // namespace

class Wire::Streams {
public:
    Streams(asio::any_io_executor executor, async::Clock& its_clock)
        : clock(its_clock), executor_(std::move(executor)) {}

    error_code open(const asio::ip::tcp::endpoint& to) {
        tcp.emplace(executor_);
        error_code failed;
        tcp->open(to.protocol(), failed);
        // Asio does not: a child of ours must not hold the connection.
        if (!failed && ::fcntl(tcp->native_handle(), F_SETFD, FD_CLOEXEC) != 0) {
            failed.assign(errno, boost::system::system_category());
        }
        return failed;
    }

    async::Clock& clock;
    std::optional<asio::ip::tcp::socket> tcp;
    std::optional<asio::ssl::stream<asio::ip::tcp::socket&>> tls;
    TlsContext context;

private:
    asio::any_io_executor executor_;
};

Wire::Wire(asio::any_io_executor executor, async::Clock& clock)
    : streams_(std::make_unique<Streams>(std::move(executor), clock)) {}
Wire::~Wire() = default;

asio::awaitable<Result<void>> Wire::connect(std::vector<std::string> addresses, HostAndPort to,
                                            Milliseconds each, Deadline whole) {
    std::string reasons;
    for (const std::string& text : addresses) {
        reasons += reasons.empty() ? ": " : "; ";
        if (whole.left() == Milliseconds::zero()) {
            reasons += whole.words();
            break;
        }
        const Deadline deadline = whole.sooner(each);
        error_code failed;
        const auto address = asio::ip::make_address(text, failed);
        const asio::ip::tcp::endpoint target(address, to.port);
        if (!failed) failed = streams_->open(target);
        if (!failed) {
            const Limit limit(streams_->clock, *streams_->tcp, deadline);
            auto [outcome] = co_await streams_->tcp->async_connect(target, as_tuple);
            failed = limit.judge(outcome);
        }
        if (!failed) co_return Result<void>();
        reasons += text + ": " + words(failed, deadline);
    }
    co_return Error(Errc::connect_failed, "connecting to " + to.text() + reasons);
}

asio::awaitable<Result<void>> Wire::start_tls(TlsContext context, std::string name,
                                              Deadline deadline) {
    streams_->context = std::move(context);
    auto& stream = streams_->tls.emplace(*streams_->tcp, *streams_->context);
    SSL* ssl = stream.native_handle();
    if (!expect_server(ssl, name))
        co_return Error(Errc::tls_failed, "no certificate can be for the name " + name);
    const Limit limit(streams_->clock, *streams_->tcp, deadline);
    auto [outcome] = co_await stream.async_handshake(asio::ssl::stream_base::client, as_tuple);
    const error_code failed = limit.judge(outcome);
    if (!failed) co_return Result<void>();
    const std::string what = "TLS handshake with " + name;
    if (failed == beast::error::timeout)
        co_return Error(Errc::timeout, what + ": " + deadline.words());
    co_return Error(Errc::tls_failed, what + ": " + handshake_words(ssl, failed));
}

asio::awaitable<Result<void>> Wire::write(std::string_view bytes, Deadline deadline) {
    const asio::const_buffer buffer(bytes.data(), bytes.size());
    const Limit limit(streams_->clock, *streams_->tcp, deadline);
    error_code failed;
    if (streams_->tls) {
        auto [outcome, written] = co_await asio::async_write(*streams_->tls, buffer, as_tuple);
        failed = outcome;
    } else {
        auto [outcome, written] = co_await asio::async_write(*streams_->tcp, buffer, as_tuple);
        failed = outcome;
    }
    failed = limit.judge(failed);
    if (!failed) co_return Result<void>();
    const Errc code = failed == beast::error::timeout ? Errc::timeout : Errc::connection_lost;
    co_return Error(code, "sending the request: " + words(failed, deadline));
}

asio::awaitable<Result<std::size_t>> Wire::read(std::span<char> buffer, Deadline deadline) {
    const asio::mutable_buffer target(buffer.data(), buffer.size());
    // What is there already would be read past the deadline too, and a fast drip is always there.
    if (deadline.left() == Milliseconds::zero()) co_return Error(Errc::timeout, deadline.words());
    const Limit limit(streams_->clock, *streams_->tcp, deadline);
    error_code failed;
    std::size_t size = 0;
    if (streams_->tls) {
        auto [outcome, got] = co_await streams_->tls->async_read_some(target, as_tuple);
        failed = outcome;
        size = got;
    } else {
        auto [outcome, got] = co_await streams_->tcp->async_read_some(target, as_tuple);
        failed = outcome;
        size = got;
    }
    failed = limit.judge(failed);
    if (!failed) co_return size;
    if (failed == asio::error::eof) co_return std::size_t{0};
    if (failed == beast::error::timeout) co_return Error(Errc::timeout, deadline.words());
    if (failed == asio::ssl::error::stream_truncated) {
        co_return Error(Errc::connection_lost, "the connection was cut off");
    }
    if (failed.category() == asio::error::get_ssl_category()) {
        co_return Error(Errc::tls_failed, alert_words(failed));
    }
    co_return Error(Errc::connection_lost, failed.message());
}

}  // namespace tokenbroker::upstream
