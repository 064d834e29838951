#pragma once

#include "base/error.hpp"
#include "upstream/deadline.hpp"
#include "upstream/endpoint.hpp"
#include "upstream/tls_context.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker::upstream {

// A byte stream to somewhere else: TCP, and from start_tls() on TLS over it. One wait at a time.
// Each throws operation_aborted when it is cancelled; closed when it goes, or when a deadline
// passes.
class Wire {
public:
    // `clock` outlives it.
    Wire(boost::asio::any_io_executor executor, async::Clock& clock);
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;
    ~Wire();

    // To the first of `addresses` that answers, each given `each` in turn. connect_failed, with the
    // reason of each.
    boost::asio::awaitable<Result<void>> connect(std::vector<std::string> addresses, HostAndPort to,
                                                 Milliseconds each, Deadline whole);
    // The certificate has to be for `name`, a host name or an IP address. tls_failed, or timeout.
    boost::asio::awaitable<Result<void>> start_tls(TlsContext context, std::string name,
                                                   Deadline deadline);
    // All of `bytes`, which outlive the call. connection_lost, or timeout.
    boost::asio::awaitable<Result<void>> write(std::string_view bytes, Deadline deadline);
    // What comes next into `buffer`, which outlives the call: how many bytes, 0 when the other side
    // ended its stream in the way that TLS wants. tls_failed, connection_lost, or timeout.
    boost::asio::awaitable<Result<std::size_t>> read(std::span<char> buffer, Deadline deadline);

private:
    class Streams;
    std::unique_ptr<Streams> streams_;
};

}  // namespace tokenbroker::upstream
