#pragma once

#include "async/event.hpp"
#include "async/offload.hpp"
#include "base/error.hpp"
#include "upstream/deadline.hpp"
#include "upstream/endpoint.hpp"

#include <boost/asio/awaitable.hpp>

#include <map>
#include <memory>
#include <string>

namespace boost::asio::ssl {
class context;
}

namespace tokenbroker::upstream {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

// TLS 1.2 or newer, peer verified, nothing resumed; trust and client certificate from `tls`. Reads
// files: it blocks.
Result<TlsContext> make_tls_context(const Tls& tls);

// The contexts in use, one for all accounts with the same files, made anew when a file has changed.
// The files are looked at for every exchange, on a worker.
class TlsContexts {
public:
    TlsContexts(async::Clock& clock, async::Offload& workers) : clock_(clock), workers_(workers) {}

    // misconfigured, or timeout (files on a file system that hangs).
    boost::asio::awaitable<Result<TlsContext>> get(Tls tls, Deadline deadline);

private:
    struct Made {
        std::string stamp;  // of the files that it was made from
        TlsContext context;
        bool busy = false;  // somebody looks at the files
        async::Event free;
    };
    struct Looked {
        std::string stamp;
        Result<TlsContext> context;
    };
    class Turn;
    Made& made_for(const Tls& tls);

    async::Clock& clock_;
    async::Offload& workers_;
    std::map<std::string, Made> made_;
};

}  // namespace tokenbroker::upstream
