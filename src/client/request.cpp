#include "client/text.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <tokenbroker/detail/wire.hpp>

namespace tokenbroker::client {

std::string encode_segment(std::string_view name) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    constexpr std::string_view unreserved =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    std::string out;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (unreserved.find(c) != std::string_view::npos) {
            out.push_back(c);
        } else {
            out.append({'%', hex[byte >> 4], hex[byte & 15]});
        }
    }
    return out;
}

namespace detail {

namespace {

// What the daemon waits for a token where a call does not say.
constexpr Milliseconds default_wait{5'000};

std::string account_path(std::string_view account) {
    return "/v1/accounts/" + encode_segment(account);
}

}  // namespace

std::string render(const Request& request) {
    std::string out = request.method + ' ' + request.target +
                      " HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n";
    if (request.method != "GET") {
        if (!request.body.empty()) out += "Content-Type: application/json\r\n";
        out += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    }
    return out + "\r\n" + request.body;
}

std::string render_stream_request(std::string_view account,
                                  std::optional<std::uint64_t> last_generation) {
    std::string out = "GET " + account_path(account) +
                      "/token/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n";
    if (last_generation) out += "Last-Event-ID: " + std::to_string(*last_generation) + "\r\n";
    return out + "\r\n";
}

Request token_request(std::string_view account, const GetOptions& options) {
    Request request("GET", account_path(account) + "/token");
    char separator = '?';
    if (options.min_ttl > Milliseconds::zero()) {
        request.target += separator + ("min_ttl=" + duration_text(options.min_ttl));
        separator = '&';
    }
    if (options.wait) request.target += separator + ("wait=" + duration_text(*options.wait));
    request.wait = options.wait.value_or(default_wait);
    return request;
}

Request rejected_request(std::string_view account, std::uint64_t generation, Milliseconds wait) {
    Request request("POST", account_path(account) + "/token/rejected?wait=" + duration_text(wait));
    request.body = "{\"generation\":" + std::to_string(generation) + "}";
    request.wait = wait;
    return request;
}

int try_connect(int descriptor, const std::string& path) noexcept {
    sockaddr_un address{};
    if (path.empty() || path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, path.size());
    int result = 0;
    do {
        // The API of sockets wants this cast.
        result = connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    } while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}

Milliseconds connect_pause(unsigned attempt) noexcept {
    return std::min(Milliseconds(1 << std::min(attempt, 5U)), Milliseconds(20));
}

}  // namespace detail

}  // namespace tokenbroker::client
