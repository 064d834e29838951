#include "host/systemd.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace tokenbroker::host {
namespace {

constexpr suseconds_t longest_wait = 200'000;
constexpr std::size_t longest_status = 1024;
constexpr int most_descriptors = 256;

template <class Number>
std::optional<Number> number_of(const std::optional<std::string>& text) {
    if (!text) return std::nullopt;
    Number number{};
    const char* end = text->data() + text->size();
    const auto [stopped, error] = std::from_chars(text->data(), end, number);
    if (error != std::errc() || stopped != end) return std::nullopt;
    return number;
}

// One line: a newline in it would be another assignment.
std::string status_line(std::string_view status) {
    std::string line = "STATUS=" + std::string(status.substr(0, longest_status));
    for (char& c : line) {
        if (c == '\n' || c == '\r') c = ' ';
    }
    return line;
}

std::string monotonic_microseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::to_string(now.tv_sec * 1'000'000 + now.tv_nsec / 1000);
}

int socket_option(int socket, int option) {
    int value = -1;
    socklen_t size = sizeof(value);
    return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

bool serves_unix_streams(int socket) {
    return socket_option(socket, SO_DOMAIN) == AF_UNIX &&
           socket_option(socket, SO_TYPE) == SOCK_STREAM &&
           socket_option(socket, SO_ACCEPTCONN) == 1;
}

std::vector<std::string> split_names(const std::string& text) {
    std::vector<std::string> names;
    std::size_t begin = 0;
    while (true) {
        const std::size_t colon = text.find(':', begin);
        names.push_back(text.substr(begin, colon - begin));
        if (colon == std::string::npos) return names;
        begin = colon + 1;
    }
}

}  // namespace

ServiceManager::ServiceManager(const Variables& variables) {
    if (const auto path = variables("NOTIFY_SOCKET"); path && path->size() > 1) {
        // '@' stands for the NUL of the abstract name space.
        if (path->front() == '/') address_ = *path;
        if (path->front() == '@') address_ = std::string(1, '\0') + path->substr(1);
        if (address_.size() >= sizeof(sockaddr_un::sun_path)) address_.clear();
    }
    if (!address_.empty()) {
        socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        const timeval patience{0, longest_wait};
        if (socket_)
            ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    }
    const auto watched = variables("WATCHDOG_PID");
    if (watched && number_of<pid_t>(watched) != ::getpid()) return;
    if (const auto period = number_of<std::int64_t>(variables("WATCHDOG_USEC"));
        period && *period > 0) {
        interval_ = std::max(Milliseconds(*period / 2000), Milliseconds(1));
    }
}

Result<void> ServiceManager::send(const std::string& message) {
    if (!socket_) return {};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, address_.data(), address_.size());
    const bool named = address_.front() != '\0';
    const auto size = offsetof(sockaddr_un, sun_path) + address_.size() + (named ? 1U : 0U);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    const auto sent = ::sendto(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL, generic,
                               static_cast<socklen_t>(size));
    if (sent < 0) return system_error("telling the service manager", errno);
    return {};
}

Result<void> ServiceManager::ready(std::string_view status) {
    return send("READY=1\n" + status_line(status));
}

Result<void> ServiceManager::reloading(std::string_view status) {
    return send("RELOADING=1\nMONOTONIC_USEC=" + monotonic_microseconds() + "\n" +
                status_line(status));
}

Result<void> ServiceManager::stopping(std::string_view status) {
    return send("STOPPING=1\n" + status_line(status));
}

Result<void> ServiceManager::status(std::string_view status) {
    return send(status_line(status));
}

Result<void> ServiceManager::failed(int error_number, std::string_view status) {
    const std::string number =
        error_number > 0 ? "ERRNO=" + std::to_string(error_number) + "\n" : std::string();
    return send(number + status_line(status));
}

Result<void> ServiceManager::watchdog() {
    return send("WATCHDOG=1");
}

Result<std::optional<Descriptor>> take_listening_socket(const Variables& variables, int first) {
    const auto count = number_of<int>(variables("LISTEN_FDS"));
    if (number_of<pid_t>(variables("LISTEN_PID")) != ::getpid() || !count || *count <= 0) {
        return std::optional<Descriptor>();
    }
    if (*count > most_descriptors) return Error(Errc::misconfigured, "LISTEN_FDS is absurd");
    const auto names = split_names(variables("LISTEN_FDNAMES").value_or(""));
    std::vector<Descriptor> fitting;
    std::optional<Descriptor> named;
    for (int i = 0; i < *count; ++i) {
        Descriptor socket(first + i);
        ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC);
        if (!serves_unix_streams(socket.get())) continue;
        const auto index = static_cast<std::size_t>(i);
        if (!named && index < names.size() && names[index] == "tokenbroker") {
            named = std::move(socket);
        } else {
            fitting.push_back(std::move(socket));
        }
    }
    if (named) return named;
    if (fitting.size() == 1) return std::optional<Descriptor>(std::move(fitting.front()));
    if (fitting.empty()) {
        return Error(Errc::misconfigured,
                     "none of the sockets that were handed over is a listening Unix stream socket "
                     "(ListenStream= with a path)");
    }
    return Error(Errc::misconfigured,
                 "of several Unix stream sockets that were handed over, none is named tokenbroker "
                 "(FileDescriptorName=tokenbroker)");
}

}  // namespace tokenbroker::host
