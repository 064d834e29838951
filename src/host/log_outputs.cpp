#include "host/log_outputs.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace tokenbroker::host {
namespace {

// How long a wait goes on before it looks whether it is still wanted.
constexpr int patience_ms = 50;
// A pipe that is writable takes this much without blocking (PIPE_BUF).
constexpr std::size_t piece = 4096;

bool wait_writable(int descriptor, const std::atomic<bool>& abandon) {
    while (!abandon.load(std::memory_order_relaxed)) {
        pollfd wanted{descriptor, POLLOUT, 0};
        const int ready = ::poll(&wanted, 1, patience_ms);
        if (ready > 0) return (wanted.revents & POLLNVAL) == 0;
        if (ready < 0 && errno != EINTR) return false;
    }
    return false;
}

bool again(int error) noexcept {
    return error == EINTR || error == EAGAIN || error == ENOBUFS;
}

}  // namespace

bool StreamOutput::write(std::string_view line, const std::atomic<bool>& abandon) {
    while (!line.empty()) {
        if (!wait_writable(descriptor_, abandon)) return false;
        const ssize_t written = ::write(descriptor_, line.data(), std::min(line.size(), piece));
        if (written < 0 && !again(errno)) return false;
        if (written > 0) line.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

bool JournalOutput::connect() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof(address.sun_path)) return false;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket_) return false;
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (::connect(socket_.get(), generic, sizeof(address)) == 0) return true;
    socket_.reset();
    return false;
}

bool JournalOutput::write(std::string_view line, const std::atomic<bool>& abandon) {
    // The journal may have been started anew since: its old socket then refuses, and the new one is
    // tried.
    bool fresh = false;
    while (true) {
        if (!socket_) {
            if (fresh || !connect()) return false;
            fresh = true;
        }
        if (::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL) >= 0) return true;
        if (again(errno)) {
            if (!wait_writable(socket_.get(), abandon)) return false;
        } else if (errno == ECONNREFUSED || errno == ENOTCONN || errno == EPIPE ||
                   errno == ECONNRESET) {
            socket_.reset();
        } else {
            return false;
        }
    }
}

}  // namespace tokenbroker::host
