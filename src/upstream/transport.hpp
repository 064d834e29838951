#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "upstream/endpoint.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker::upstream {

struct Header {
    Header(std::string header, Secret text) : name(std::move(header)), value(std::move(text)) {}

    std::string name;
    Secret value;  // Authorization is one of them, so they all are
};

// One HTTP request as the recipe made it. Host, Content-Length, Connection, User-Agent and
// X-Request-Id are the transport's to add.
struct Request {
    std::string method;
    Secret target;  // path and query, encoded: either may hold a secret
    std::vector<Header> headers;
    std::optional<Secret> body;
    std::string id;  // X-Request-Id; in our log and, with luck, in theirs
};

// An answer, whole, of any status; a redirect is one too.
struct Answer {
    int status = 0;
    std::string reason;
    std::optional<std::string> retry_after;
    std::optional<std::string> content_type;
    std::optional<std::string> www_authenticate;
    std::optional<std::string> location;
    std::optional<std::string> date;
    Secret body;
    Moment sent;  // just before the first byte of the request left
};

// How far an exchange came.
enum class Phase { prepare, resolve, connect, proxy, handshake, send, receive };
std::string_view phase_name(Phase phase) noexcept;

// An exchange that ended without a whole answer.
struct Failure {
    Failure() = default;  // what boost::system::result hands out where there is no error
    Failure(Phase when, Error why, std::optional<Moment> started = std::nullopt)
        : phase(when), error(std::move(why)), sent(started) {}

    Phase phase = Phase::prepare;
    Error error;
    // Set: the request, or a part of it, may have reached the upstream since then. None: nothing of
    // it left this machine, so it can't have cost a login.
    std::optional<Moment> sent;
};
[[noreturn]] void throw_exception_from_error(const Failure& failure,
                                             const boost::source_location& where);

using Exchange = boost::system::result<Answer, Failure>;

// One request, one answer. HttpClient is the real one; the broker's tests have one that needs no
// network.
class Transport {
public:
    virtual ~Transport() = default;

    // Ends within endpoint.deadlines.whole. Cancelled: throws operation_aborted, and leaves no
    // connection.
    virtual boost::asio::awaitable<Exchange> exchange(std::shared_ptr<const Endpoint> endpoint,
                                                      Request request) = 0;
};

}  // namespace tokenbroker::upstream
