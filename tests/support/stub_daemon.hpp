#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <mutex>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace tokenbroker::support {

// An HTTP/1.1 answer with its length.
inline std::string http_answer(int status, std::string_view body, std::string_view more_head = {},
                               std::string_view type = "application/json") {
    return "HTTP/1.1 " + std::to_string(status) +
           " Whatever\r\nContent-Type: " + std::string(type) +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(more_head) +
           "\r\n" + std::string(body);
}

inline const std::string event_stream_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

// The JSON of a token.
inline std::string token_json(std::string_view account, std::string_view value,
                              std::uint64_t generation,
                              std::string_view expires_at = "2999-01-01T00:00:00Z") {
    const std::string text(value);
    return R"({"account":")" + std::string(account) + R"(","access_token":")" + text +
           R"(","token_type":"Bearer","header":{"name":"Authorization","value":"Bearer )" + text +
           R"("},"issued_at":"2026-11-22T00:00:00Z","expires_at":")" + std::string(expires_at) +
           R"(","expiry_source":"requested","generation":)" + std::to_string(generation) + "}";
}

// The stub's end of a connection. Every wait ends when the stub does.
class StubPeer {
public:
    StubPeer(int descriptor, int stop) : descriptor_(descriptor), stop_(stop) {}

    // A whole request, or what came of it before the peer closed.
    std::string read_request() {
        std::string text;
        while (!whole(text) && read_some(text)) {
        }
        return text;
    }
    void send(std::string_view bytes) const {
        while (!bytes.empty()) {
            const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    void wait_for_close() {
        std::string ignored;
        while (read_some(ignored)) {
        }
    }

private:
    static bool whole(const std::string& text) {
        const auto end = text.find("\r\n\r\n");
        if (end == std::string::npos) return false;
        constexpr std::string_view field = "Content-Length: ";
        const auto at = text.find(field);
        if (at > end) return true;
        return text.size() >= end + 4 + std::strtoul(text.c_str() + at + field.size(), nullptr, 10);
    }
    bool read_some(std::string& text) const {
        pollfd waits[] = {{descriptor_, POLLIN, 0}, {stop_, POLLIN, 0}};
        if (poll(waits, 2, -1) <= 0 || waits[1].revents != 0) return false;
        char buffer[4096];
        const auto got = recv(descriptor_, buffer, sizeof buffer, 0);
        if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
        return got > 0;
    }

    int descriptor_;
    int stop_;
};

// A Unix listener with a thread that gives each connection, one after the other, to `serve`, and
// then closes it.
class StubDaemon {
public:
    using Serve = std::function<void(StubPeer&)>;

    // Answers each request with these bytes, the last ones again and again.
    static Serve answering(std::vector<std::string> answers) {
        return [answers = std::move(answers), next = std::size_t{0}](StubPeer& peer) mutable {
            const auto& answer = answers[std::min(next++, answers.size() - 1)];
            peer.send(answer);
        };
    }

    // A stub that is not `open` takes no connection before open() is called.
    explicit StubDaemon(Serve serve, int backlog = 16, bool open_now = true)
        : serve_(std::move(serve)) {
        char pattern[] = "/tmp/stub.XXXXXX";
        if (mkdtemp(pattern) == nullptr)
            throw std::runtime_error("no folder for the stub's socket");
        folder_ = pattern;
        path_ = folder_ + "/sock";
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, sizeof address.sun_path - 1);
        listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
            listen(listener_, backlog) != 0 || pipe2(stop_, O_CLOEXEC) != 0) {
            throw std::runtime_error("the stub can't listen");
        }
        if (open_now) open();
    }
    ~StubDaemon() {
        close(stop_[1]);
        if (thread_.joinable()) thread_.join();
        close(stop_[0]);
        close(listener_);
        std::filesystem::remove_all(folder_);
    }
    StubDaemon(const StubDaemon&) = delete;
    StubDaemon& operator=(const StubDaemon&) = delete;

    void open() {
        thread_ = std::thread([this] { run(); });
    }
    [[nodiscard]] const std::string& path() const { return path_; }
    // The requests so far, whole.
    [[nodiscard]] std::vector<std::string> requests() const {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

private:
    void run() {
        for (;;) {
            pollfd waits[] = {{listener_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
            if (poll(waits, 2, -1) < 0 && errno != EINTR) return;
            if (waits[1].revents != 0) return;
            const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (connection < 0) continue;
            StubPeer peer(connection, stop_[0]);
            std::string request = peer.read_request();
            {
                const std::lock_guard lock(mutex_);
                requests_.push_back(std::move(request));
            }
            serve_(peer);
            close(connection);
        }
    }

    Serve serve_;
    std::string folder_;
    std::string path_;
    int listener_ = -1;
    int stop_[2] = {-1, -1};
    mutable std::mutex mutex_;
    std::vector<std::string> requests_;
    std::thread thread_;
};

}  // namespace tokenbroker::support
