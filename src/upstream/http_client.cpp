#include "upstream/http_client.hpp"

#include "upstream/answer_reader.hpp"
#include "upstream/deadline.hpp"
#include "upstream/request_text.hpp"
#include "upstream/tls_context.hpp"
#include "upstream/wire.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/this_coro.hpp>

#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace tokenbroker::upstream {
namespace {

namespace asio = boost::asio;
using Addresses = std::vector<std::string>;

constexpr std::size_t read_size = 16'384;

bool is_address(const std::string& host) {
    boost::system::error_code failed;
    asio::ip::make_address(host, failed);
    return !failed;
}

// A lookup can't be cancelled: it is left alone at the deadline, with the worker that it holds.
asio::awaitable<Result<Addresses>> look_up(async::Clock& clock, async::Offload& workers,
                                           Resolver resolver, std::string host, Deadline deadline) {
    if (is_address(host)) co_return Addresses(1, host);
    std::function<Result<Addresses>()> work = [resolver = std::move(resolver), host] {
        return resolver(host);
    };
    auto found = co_await workers.run_until(clock, deadline.at(), std::move(work));
    if (!found) co_return Error(Errc::timeout, "resolving " + host + ": " + deadline.words());
    co_return std::move(*found);
}

// Reads from the wire until the reader has a whole answer.
asio::awaitable<Result<void>> receive(Wire& wire, AnswerReader& reader, Deadline deadline) {
    WipedString buffer(read_size, '\0');
    for (;;) {
        const std::span<char> space(buffer.data(), buffer.size());
        auto got = co_await wire.read(space, deadline);
        if (!got) co_return got.error();
        if (*got == 0) co_return reader.end();
        const auto whole = reader.feed(std::string_view(buffer.data(), *got));
        if (!whole) co_return whole.error();
        if (*whole) co_return Result<void>();
    }
}

asio::awaitable<Result<void>> open_tunnel(Wire& wire, const Endpoint& endpoint, WipedString request,
                                          Deadline deadline) {
    const std::string what =
        "asking the proxy " + endpoint.proxy->text() + " for " + endpoint.at.text();
    auto written = co_await wire.write(request, deadline);
    if (!written) co_return Error(Errc::proxy_failed, what + ": " + written.error().message());
    AnswerReader reader(endpoint.limits, AnswerReader::To::connect);
    auto received = co_await receive(wire, reader, deadline);
    if (!received) co_return Error(Errc::proxy_failed, what + ": " + received.error().message());
    const Answer answer = reader.take();
    if (answer.status / 100 != 2) {
        co_return Error(
            Errc::proxy_failed,
            what + ": it answered " + std::to_string(answer.status) + " " + answer.reason);
    }
    if (reader.surplus())
        co_return Error(Errc::proxy_failed, what + ": it sent more than an answer");
    co_return Result<void>();
}

}  // namespace

HttpClient::HttpClient(async::Clock& clock, async::Offload& workers, std::string user_agent,
                       Resolver resolver)
    : clock_(clock),
      workers_(workers),
      user_agent_(std::move(user_agent)),
      resolver_(std::move(resolver)),
      contexts_(std::make_unique<TlsContexts>(clock, workers)) {}

HttpClient::~HttpClient() = default;

asio::awaitable<Exchange> HttpClient::exchange(std::shared_ptr<const Endpoint> endpoint,
                                               Request request) {
    const Deadlines& allowed = endpoint->deadlines;
    const Deadline whole(clock_, allowed.whole);
    const HostAndPort& first_hop = endpoint->proxy ? *endpoint->proxy : endpoint->at;

    auto text = request_text(*endpoint, request, user_agent_);
    if (!text) co_return Failure(Phase::prepare, text.error());

    TlsContext context;
    if (endpoint->tls) {
        auto made = co_await contexts_->get(endpoint->trust, whole.sooner(allowed.prepare));
        if (!made) co_return Failure(Phase::prepare, made.error());
        context = std::move(*made);
    }

    auto found = co_await look_up(clock_, workers_, resolver_, first_hop.host,
                                  whole.sooner(allowed.resolve));
    if (!found) co_return Failure(Phase::resolve, found.error());

    const auto executor = co_await asio::this_coro::executor;
    Wire wire(executor, clock_);
    auto connected = co_await wire.connect(std::move(*found), first_hop, allowed.connect, whole);
    if (!connected) co_return Failure(Phase::connect, connected.error());

    if (endpoint->proxy) {
        auto ask = connect_text(endpoint->at, user_agent_);
        auto opened =
            co_await open_tunnel(wire, *endpoint, std::move(ask), whole.sooner(allowed.proxy));
        if (!opened) co_return Failure(Phase::proxy, opened.error());
    }
    if (endpoint->tls) {
        const std::string& name =
            endpoint->trust.server_name.empty() ? endpoint->at.host : endpoint->trust.server_name;
        auto shaken =
            co_await wire.start_tls(std::move(context), name, whole.sooner(allowed.handshake));
        if (!shaken) co_return Failure(Phase::handshake, shaken.error());
    }

    const Moment sent = clock_.now();
    auto written = co_await wire.write(*text, whole);
    const bool lost = !written && written.error().code() == Errc::connection_lost;
    if (!written && !lost) co_return Failure(Phase::send, written.error(), sent);

    // Who refuses without reading (a throttle, TLS 1.3 without a client certificate) may have said
    // why.
    AnswerReader reader(endpoint->limits);
    auto received = co_await receive(wire, reader, whole);
    if (!received && lost && received.error().code() == Errc::connection_lost) {
        co_return Failure(Phase::send, written.error(), sent);
    }
    if (!received) {
        const std::string what = "the answer of " + endpoint->at.text();
        co_return Failure(Phase::receive, received.error().during(what), sent);
    }
    Answer answer = reader.take();
    answer.sent = sent;
    co_return Exchange(std::move(answer));
}

}  // namespace tokenbroker::upstream
