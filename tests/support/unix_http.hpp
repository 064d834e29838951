#pragma once

#include "support/process.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker::support {

struct HttpAnswer {
    int status = 0;
    std::map<std::string, std::string> headers;  // names in lower case; of a repeated name the last
    std::string head;                            // as it came
    std::string body;

    [[nodiscard]] std::string header(const std::string& name) const;
};

// A connection to a Unix socket that sends what it is told and reads HTTP answers: keep-alive,
// pipelined, malformed. Blocking; each wait has a limit and throws std::runtime_error when that
// passes.
class UnixConnection {
public:
    explicit UnixConnection(const std::string& path, Wait limit = std::chrono::seconds(10));
    // One that is connected already.
    explicit UnixConnection(int socket, Wait limit = std::chrono::seconds(10))
        : socket_(socket), limit_(limit) {}
    UnixConnection(UnixConnection&& other) noexcept;
    UnixConnection& operator=(UnixConnection&&) = delete;
    ~UnixConnection();

    void send(std::string_view bytes);
    // Sends what the kernel takes now; how much that was. 0 where the peer is gone too.
    std::size_t send_some(std::string_view bytes);
    // No more will be sent; answers can still be read.
    void half_close();
    // The next answer, with its body by Content-Length, chunks or end of connection. `head_only`:
    // to a HEAD.
    HttpAnswer read_answer(bool head_only = false);
    // One block of a text/event-stream, without its empty line; comments are blocks too.
    std::string read_event(Wait limit = std::chrono::seconds(10));
    // Whether the other side closes within `limit`; what it sends before is dropped.
    bool closes_within(Wait limit);
    [[nodiscard]] int descriptor() const { return socket_; }

private:
    bool fill(std::chrono::steady_clock::time_point end);
    std::string until(std::string_view mark, std::chrono::steady_clock::time_point end);
    std::string exactly(std::size_t bytes, std::chrono::steady_clock::time_point end);

    int socket_ = -1;
    Wait limit_;
    std::string pending_;
};

using Headers = std::vector<std::string>;  // "Name: value"

// One request on a connection of its own.
HttpAnswer http(const std::string& socket, const std::string& method, const std::string& target,
                const std::string& body = "", const Headers& headers = {},
                Wait limit = std::chrono::seconds(70));
inline HttpAnswer http_get(const std::string& socket, const std::string& target,
                           const Headers& headers = {}) {
    return http(socket, "GET", target, "", headers);
}

}  // namespace tokenbroker::support
