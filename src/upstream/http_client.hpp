#pragma once

#include "async/clock.hpp"
#include "async/offload.hpp"
#include "upstream/resolve.hpp"
#include "upstream/transport.hpp"

#include <memory>
#include <string>

namespace tokenbroker::upstream {

class TlsContexts;

// HTTP/1.1 over TLS 1.2 or newer, certificate and host name verified: a new connection for each
// request, closed after it. No redirect is followed, no cookie kept, no proxy taken from the
// environment.
class HttpClient final : public Transport {
public:
    // `clock` and `workers` outlive it, and it outlives its exchanges. `user_agent` is sent as it
    // is.
    HttpClient(async::Clock& clock, async::Offload& workers, std::string user_agent,
               Resolver resolver = resolve_with_system);
    ~HttpClient() override;

    boost::asio::awaitable<Exchange> exchange(std::shared_ptr<const Endpoint> endpoint,
                                              Request request) override;

private:
    async::Clock& clock_;
    async::Offload& workers_;
    std::string user_agent_;
    Resolver resolver_;
    std::unique_ptr<TlsContexts> contexts_;
};

}  // namespace tokenbroker::upstream
