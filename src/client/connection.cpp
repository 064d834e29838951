#include "client/connection.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <tokenbroker/detail/wire.hpp>
#include <unistd.h>
#include <utility>

namespace tokenbroker::client {

namespace {

using Clock = std::chrono::steady_clock;

// What poll takes: none, and an hour, after which it is asked again.
constexpr std::int64_t shortest = 0;
constexpr std::int64_t longest = 3'600'000;

// Waits for an event at `descriptor` (-1: none).
Trouble wait_for(int descriptor, short events, int stop, Deadline deadline) {
    for (;;) {
        pollfd waits[] = {{descriptor, events, 0}, {stop, POLLIN, 0}};
        const std::int64_t left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        const int ready = poll(waits, 2, static_cast<int>(std::clamp(left, shortest, longest)));
        if (ready < 0 && errno != EINTR) return Trouble::lost;
        if (ready > 0) return waits[1].revents != 0 ? Trouble::stopped : Trouble::none;
        if (Clock::now() >= deadline) return Trouble::timeout;
    }
}

}  // namespace

bool pause_until(Deadline deadline, int stop) {
    return wait_for(-1, 0, stop, deadline) == Trouble::stopped;
}

Result<Connection> Connection::open(const std::string& path, Deadline deadline, int stop) {
    const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) {
        return Error(ErrorKind::failed, std::string("making a socket: ") + strerrordesc_np(errno));
    }
    Connection connection(descriptor, stop);
    for (unsigned attempt = 0;; ++attempt) {
        const int error = detail::try_connect(descriptor, path);
        if (error == 0) return connection;
        if (error != EAGAIN || Clock::now() >= deadline) return detail::connect_error(path, error);
        if (pause_until(std::min(deadline, Clock::now() + detail::connect_pause(attempt)), stop)) {
            return Error(ErrorKind::failed, "stopped");
        }
    }
}

Connection& Connection::operator=(Connection&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(stop_, other.stop_);
    return *this;
}

Connection::~Connection() {
    if (descriptor_ >= 0) close(descriptor_);
}

Trouble Connection::send(std::string_view bytes, Deadline deadline) const {
    while (!bytes.empty()) {
        const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN) {
            const Trouble trouble = wait_for(descriptor_, POLLOUT, stop_, deadline);
            if (trouble != Trouble::none) return trouble;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return Trouble::none;  // a daemon that refuses unread may have answered: reading tells
        } else if (errno != EINTR) {
            return Trouble::lost;
        }
    }
    return Trouble::none;
}

Trouble Connection::receive(std::string& into, Deadline deadline) const {
    into.resize(detail::read_size);
    for (;;) {
        const Trouble trouble = wait_for(descriptor_, POLLIN, stop_, deadline);
        const auto got =
            trouble == Trouble::none ? recv(descriptor_, into.data(), into.size(), 0) : 0;
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        into.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        if (trouble != Trouble::none) return trouble;
        return got < 0 && errno != ECONNRESET ? Trouble::lost : Trouble::none;
    }
}

}  // namespace tokenbroker::client
