#include "support/unix_http.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sstream>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace tokenbroker::support {

namespace {

using Clock = std::chrono::steady_clock;

int left(Clock::time_point end) {
    const auto rest = std::chrono::ceil<Wait>(end - Clock::now()).count();
    return static_cast<int>(std::max<long long>(rest, 0));
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char letter) {
        return static_cast<char>(std::tolower(letter));
    });
    return text;
}

HttpAnswer parse_head(const std::string& head) {
    HttpAnswer answer;
    answer.head = head;
    std::istringstream lines(head);
    std::string line;
    std::getline(lines, line);
    if (!line.starts_with("HTTP/1.")) throw std::runtime_error("no HTTP answer: " + line);
    answer.status = std::stoi(line.substr(9, 3));
    while (std::getline(lines, line) && line != "\r") {
        const auto colon = line.find(": ");
        if (colon == std::string::npos) throw std::runtime_error("no header line: " + line);
        answer.headers[lower(line.substr(0, colon))] =
            line.substr(colon + 2, line.size() - colon - 3);
    }
    return answer;
}

}  // namespace

std::string HttpAnswer::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
}

UnixConnection::UnixConnection(const std::string& path, Wait limit) : limit_(limit) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path))
        throw std::runtime_error("the socket's path is too long: " + path);
    std::ranges::copy(path, address.sun_path);
    socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const auto end = Clock::now() + limit;
    while (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        // EAGAIN: the listener's queue is full. Unix sockets have no way to wait for it.
        if (errno != EAGAIN || Clock::now() >= end) {
            const int reason = errno;
            ::close(socket_);
            throw std::runtime_error("connecting to " + path + ": " + std::strerror(reason));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

UnixConnection::UnixConnection(UnixConnection&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      limit_(other.limit_),
      pending_(std::move(other.pending_)) {}

UnixConnection::~UnixConnection() {
    if (socket_ >= 0) ::close(socket_);
}

std::size_t UnixConnection::send_some(std::string_view bytes) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

void UnixConnection::send(std::string_view bytes) {
    const auto end = Clock::now() + limit_;
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            throw std::runtime_error(std::string("sending: ") + std::strerror(errno));
        if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
        pollfd ready{socket_, POLLOUT, 0};
        if (!bytes.empty() && ::poll(&ready, 1, left(end)) <= 0)
            throw std::runtime_error("the peer takes no more");
    }
}

void UnixConnection::half_close() {
    ::shutdown(socket_, SHUT_WR);
}

// More bytes into pending_; false: the end. Throws when none come in time.
bool UnixConnection::fill(Clock::time_point end) {
    pollfd ready{socket_, POLLIN, 0};
    if (::poll(&ready, 1, left(end)) <= 0)
        throw std::runtime_error("no answer in time; so far: " + pending_.substr(0, 200));
    std::array<char, 65536> bytes{};
    const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (got <= 0) return false;
    pending_.append(bytes.data(), static_cast<std::size_t>(got));
    return true;
}

std::string UnixConnection::until(std::string_view mark, Clock::time_point end) {
    while (true) {
        if (const auto at = pending_.find(mark); at != std::string::npos) {
            std::string text = pending_.substr(0, at + mark.size());
            pending_.erase(0, at + mark.size());
            return text;
        }
        if (!fill(end))
            throw std::runtime_error("the connection ended; so far: " + pending_.substr(0, 200));
    }
}

std::string UnixConnection::exactly(std::size_t bytes, Clock::time_point end) {
    while (pending_.size() < bytes) {
        if (!fill(end)) throw std::runtime_error("the connection ended within an answer");
    }
    std::string text = pending_.substr(0, bytes);
    pending_.erase(0, bytes);
    return text;
}

HttpAnswer UnixConnection::read_answer(bool head_only) {
    const auto end = Clock::now() + limit_;
    HttpAnswer answer = parse_head(until("\r\n\r\n", end));
    if (head_only || answer.status == 304 || answer.status == 204) return answer;
    if (const std::string length = answer.header("content-length"); !length.empty()) {
        answer.body = exactly(std::stoul(length), end);
    } else if (answer.header("transfer-encoding") == "chunked") {
        while (true) {
            const std::size_t size = std::stoul(until("\r\n", end), nullptr, 16);
            answer.body += exactly(size + 2, end).substr(0, size);
            if (size == 0) break;
        }
    } else if (answer.header("content-type") != "text/event-stream") {
        while (fill(end)) {
        }
        answer.body = std::exchange(pending_, "");
    }
    return answer;
}

std::string UnixConnection::read_event(Wait limit) {
    const std::string block = until("\n\n", Clock::now() + limit);
    return block.substr(0, block.size() - 2);
}

bool UnixConnection::closes_within(Wait limit) {
    const auto end = Clock::now() + limit;
    while (Clock::now() < end) {
        pollfd ready{socket_, POLLIN, 0};
        if (::poll(&ready, 1, left(end)) <= 0) return false;
        std::array<char, 65536> bytes{};
        if (::recv(socket_, bytes.data(), bytes.size(), 0) <= 0) return true;
    }
    return false;
}

HttpAnswer http(const std::string& socket, const std::string& method, const std::string& target,
                const std::string& body, const Headers& headers, Wait limit) {
    UnixConnection connection(socket, limit);
    std::string request =
        method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    for (const std::string& header : headers)
        request += header + "\r\n";
    if (!body.empty() || method == "POST")
        request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    connection.send(request + "\r\n" + body);
    return connection.read_answer(method == "HEAD");
}

}  // namespace tokenbroker::support
