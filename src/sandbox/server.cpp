#include "sandbox/server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <list>
#include <sys/stat.h>
#include <unistd.h>

namespace tokenbroker::sandbox {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

using Generic = asio::generic::stream_protocol;
using Plain = beast::basic_stream<Generic>;
using Tls = asio::ssl::stream<Plain>;

constexpr auto as_pair = asio::as_tuple(asio::use_awaitable);
constexpr auto idle_limit = std::chrono::minutes(5);
constexpr auto write_limit = std::chrono::minutes(10);  // a drip is slow on purpose
constexpr auto handshake_limit = std::chrono::seconds(30);
constexpr auto goodbye_limit = std::chrono::seconds(1);
constexpr auto accept_pause = std::chrono::milliseconds(100);
constexpr std::size_t most_header = std::size_t{64} * 1024;
constexpr std::size_t most_body = std::size_t{1024} * 1024;

Moment now() {
    timespec boot{};
    clock_gettime(CLOCK_BOOTTIME, &boot);
    const auto since_boot =
        std::chrono::seconds(boot.tv_sec) + std::chrono::nanoseconds(boot.tv_nsec);
    return Moment{std::chrono::floor<Milliseconds>(std::chrono::system_clock::now()),
                  BootTime(std::chrono::floor<Milliseconds>(since_boot))};
}

Request to_request(http::request<http::string_body>&& message, bool tls) {
    Request request;
    request.method = std::string(message.method_string());
    request.tls = tls;
    const std::string target(message.target());
    const auto mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != std::string::npos) request.query = target.substr(mark + 1);
    for (const auto& field : message) {
        std::string name(field.name_string());
        std::ranges::transform(name, name.begin(), [](unsigned char letter) {
            return static_cast<char>(std::tolower(letter));
        });
        request.headers.insert_or_assign(std::move(name), std::string(field.value()));
    }
    request.body = std::move(message).body();
    return request;
}

Plain& lowest(Plain& stream) {
    return stream;
}
Plain& lowest(Tls& stream) {
    return stream.next_layer();
}

void reset(Plain& stream) {
    boost::system::error_code ignored;
    stream.socket().set_option(asio::socket_base::linger(true, 0), ignored);
    stream.close();
}

// One connection: what ends it from outside.
struct Connection {
    explicit Connection(asio::io_context& loop) : timer(loop) {}
    asio::steady_timer timer;
    std::function<void()> close;
    bool control = false;
    bool ended = false;
};

}  // namespace

class Server::Wire {
public:
    Wire(asio::io_context& loop, Sandbox& sandbox, const std::optional<TlsMaterial>& material,
         bool demand_client)
        : loop_(loop), sandbox_(sandbox), acceptor_(loop), control_(loop), pause_(loop) {
        if (!material) return;
        context_.emplace(asio::ssl::context::tls_server);
        SSL_CTX_set_min_proto_version(context_->native_handle(), TLS1_2_VERSION);
        context_->use_certificate_chain(asio::buffer(material->certificate));
        context_->use_private_key(asio::buffer(material->key), asio::ssl::context::pem);
        if (demand_client) {
            context_->add_certificate_authority(asio::buffer(material->ca_certificate));
            context_->set_verify_mode(asio::ssl::verify_peer |
                                      asio::ssl::verify_fail_if_no_peer_cert);
        }
        sandbox_.on_listening = [this](bool open) { set_listening(open); };
    }

    Result<unsigned short> listen(const std::string& address, unsigned short port) {
        boost::system::error_code failure;
        const auto ip = asio::ip::make_address(address, failure);
        if (failure) return Error(Errc::invalid_input, "--listen: '" + address + "' is no address");
        endpoint_ = asio::ip::tcp::endpoint(ip, port);
        if (auto done = open(); !done) return done.error();
        endpoint_ = acceptor_.local_endpoint();  // so that it opens again on the same port
        asio::co_spawn(loop_, accept(), Done{});
        return endpoint_.port();
    }

    Result<void> listen_control(const std::string& path) {
        boost::system::error_code failure;
        ::unlink(path.c_str());
        const asio::local::stream_protocol::endpoint endpoint(path);
        control_.open(endpoint.protocol(), failure);
        const mode_t mask = ::umask(0177);
        if (!failure) control_.bind(endpoint, failure);
        ::umask(mask);
        if (!failure) control_.listen(asio::socket_base::max_listen_connections, failure);
        if (failure) return Error(Errc::io, "listening on " + path + ": " + failure.message());
        asio::co_spawn(loop_, accept_control(), Done{});
        return {};
    }

    void stop() {
        stopping_ = true;
        boost::system::error_code ignored;
        acceptor_.close(ignored);
        control_.close(ignored);
        pause_.cancel();
        end_connections(true);
    }

private:
    // A failure in a coroutine is a bug of the sandbox: said, and no reason to end.
    struct Done {
        void operator()(const std::exception_ptr& failure) const {
            if (!failure) return;
            try {
                std::rethrow_exception(failure);
            } catch (const std::exception& reason) {
                std::fprintf(stderr, "tokenbroker-sandbox: %s\n", reason.what());
            }
        }
    };

    Result<void> open() {
        boost::system::error_code failure;
        acceptor_.open(endpoint_.protocol(), failure);
        if (!failure) acceptor_.set_option(asio::socket_base::reuse_address(true), failure);
        if (!failure) acceptor_.bind(endpoint_, failure);
        if (!failure) acceptor_.listen(asio::socket_base::max_listen_connections, failure);
        if (failure) return Error(Errc::io, "listening: " + failure.message());
        return {};
    }

    void set_listening(bool wanted) {
        boost::system::error_code ignored;
        if (!wanted) {
            acceptor_.close(ignored);
            end_connections(false);
        } else if (!acceptor_.is_open()) {
            if (const auto done = open(); !done)
                std::fprintf(stderr, "tokenbroker-sandbox: %s\n", done.error().message().c_str());
        }
        pause_.cancel();
    }

    void end_connections(bool control_too) {
        for (Connection& connection : connections_) {
            if (connection.control && !control_too) continue;
            connection.ended = true;
            connection.timer.cancel();
            if (connection.close) connection.close();
        }
    }

    asio::awaitable<void> accept() {
        while (!stopping_) {
            auto [failure, socket] = co_await acceptor_.async_accept(as_pair);
            if (failure) {
                // Closed for a while, or out of descriptors: looked at again soon, or when it is
                // opened.
                pause_.expires_after(accept_pause);
                co_await pause_.async_wait(as_pair);
                continue;
            }
            socket.set_option(asio::ip::tcp::no_delay(true), failure);
            start(Generic::socket(std::move(socket)), false);
        }
    }

    asio::awaitable<void> accept_control() {
        while (!stopping_) {
            auto [failure, socket] = co_await control_.async_accept(as_pair);
            if (failure) co_return;
            start(Generic::socket(std::move(socket)), true);
        }
    }

    void start(Generic::socket socket, bool control) {
        const auto place = connections_.emplace(connections_.end(), loop_);
        place->control = control;
        const auto end = [this, place](const std::exception_ptr& failure) {
            Done{}(failure);
            connections_.erase(place);
        };
        asio::co_spawn(loop_, run(std::move(socket), *place), end);
    }

    asio::awaitable<void> run(Generic::socket socket, Connection& connection) {
        Plain plain(std::move(socket));
        if (connection.control) {
            connection.close = [&plain] { plain.close(); };
            co_await serve(plain, connection, false);
            connection.close = nullptr;
            co_return;
        }
        connection.close = [&plain] { plain.close(); };
        if (const auto fault = sandbox_.connection_fault()) {
            if (fault->kind == "hang") co_await peer_leaves(plain);
            if (fault->kind == "reset") reset(plain);
            connection.close = nullptr;
            co_return;
        }
        connection.close = nullptr;
        if (!context_) {
            connection.close = [&plain] { plain.close(); };
            co_await serve(plain, connection, false);
            connection.close = nullptr;
            co_return;
        }
        Tls tls(std::move(plain), *context_);
        connection.close = [&tls] { lowest(tls).close(); };
        lowest(tls).expires_after(handshake_limit);
        const auto [failure] =
            co_await tls.async_handshake(asio::ssl::stream_base::server, as_pair);
        if (!failure) {
            co_await serve(tls, connection, true);
            lowest(tls).expires_after(goodbye_limit);
            if (!connection.ended) co_await tls.async_shutdown(as_pair);
        }
        connection.close = nullptr;
    }

    template <class Stream>
    asio::awaitable<void> serve(Stream& stream, Connection& connection, bool tls) {
        beast::flat_buffer buffer(most_header + most_body);
        while (!connection.ended) {
            http::request_parser<http::string_body> parser;
            parser.header_limit(most_header);
            parser.body_limit(most_body);
            lowest(stream).expires_after(idle_limit);
            const auto [failure, bytes] =
                co_await http::async_read(stream, buffer, parser, as_pair);
            if (failure || connection.ended) co_return;
            const bool keep = parser.get().keep_alive();
            const Request request = to_request(parser.release(), tls);
            const bool asked_control = request.path.starts_with("/sandbox/");
            Delivery delivery;
            if (connection.control && !asked_control) {
                delivery.bytes =
                    json_response(404, boost::json::object{{"detail", "The control API alone."}})
                        .wire(false);
            } else {
                delivery = sandbox_.handle(request, now());
            }
            co_await deliver(stream, connection, delivery);
            if (!keep || delivery.end != Delivery::End::keep) co_return;
        }
    }

    template <class Stream>
    asio::awaitable<void> deliver(Stream& stream, Connection& connection,
                                  const Delivery& delivery) {
        if (delivery.delay > Milliseconds::zero()) co_await sleep(connection, delivery.delay);
        lowest(stream).expires_after(write_limit);
        const std::size_t chunk =
            delivery.chunk == 0 ? std::max<std::size_t>(delivery.bytes.size(), 1) : delivery.chunk;
        for (std::size_t at = 0; at < delivery.bytes.size() && !connection.ended; at += chunk) {
            if (at > 0) co_await sleep(connection, delivery.pause);
            const auto part = asio::buffer(delivery.bytes) + at;
            const auto piece = asio::buffer(part, chunk);
            const auto [failure, bytes] = co_await asio::async_write(stream, piece, as_pair);
            if (failure) co_return;
        }
        if (connection.ended) co_return;
        if (delivery.end == Delivery::End::hang) co_await peer_leaves(lowest(stream));
        if (delivery.end == Delivery::End::reset) reset(lowest(stream));
    }

    // Until the other side closes, or says more than it was asked for.
    static asio::awaitable<void> peer_leaves(Plain& stream) {
        stream.expires_never();
        co_await stream.socket().async_wait(asio::socket_base::wait_read, as_pair);
    }

    static asio::awaitable<void> sleep(Connection& connection, Milliseconds delay) {
        connection.timer.expires_after(delay);
        co_await connection.timer.async_wait(as_pair);
    }

    asio::io_context& loop_;
    Sandbox& sandbox_;
    std::optional<asio::ssl::context> context_;
    asio::ip::tcp::acceptor acceptor_;
    asio::local::stream_protocol::acceptor control_;
    asio::steady_timer pause_;
    asio::ip::tcp::endpoint endpoint_;
    std::list<Connection> connections_;
    bool stopping_ = false;
};

Server::Server(asio::io_context& loop, Sandbox& sandbox, const std::optional<TlsMaterial>& material,
               bool demand_client)
    : wire_(std::make_unique<Wire>(loop, sandbox, material, demand_client)) {}

Server::~Server() = default;

Result<unsigned short> Server::listen(const std::string& address, unsigned short port) {
    return wire_->listen(address, port);
}

Result<void> Server::listen_control(const std::string& path) {
    return wire_->listen_control(path);
}

void Server::stop() {
    wire_->stop();
}

}  // namespace tokenbroker::sandbox
