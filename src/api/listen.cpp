#include "api/listen.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace tokenbroker::api {
namespace {

constexpr int longest_backlog = 4096;  // the kernel cuts it to net.core.somaxconn
constexpr int lock_attempts = 16;

Result<sockaddr_un> unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.front() != '/' || path.find('\0') != std::string::npos) {
        return Error(Errc::invalid_input, "the socket path " + path + " is not absolute");
    }
    if (path.size() >= sizeof address.sun_path) {
        return Error(Errc::invalid_input, "the socket path " + path + " is longer than " +
                                              std::to_string(sizeof address.sun_path - 1) +
                                              " bytes");
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(
        &address);  // NOLINT(cppcoreguidelines-pro-type-reinterpret-cast)
}

bool same_file(const struct stat& left, const struct stat& right) {
    return left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

// Held while the socket file is ours. Whoever ends removes the lock file, so after locking one it
// must still be the file of that name.
Result<host::Descriptor> take_lock(const std::string& path) {
    for (int i = 0; i < lock_attempts; ++i) {
        host::Descriptor lock(
            ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!lock) return system_error("opening " + path, errno);
        if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK) return Error(Errc::locked, "another broker holds " + path);
            return system_error("locking " + path, errno);
        }
        struct stat held {};
        struct stat named {};
        if (::fstat(lock.get(), &held) == 0 && ::lstat(path.c_str(), &named) == 0 &&
            same_file(held, named)) {
            return lock;
        }
    }
    return Error(Errc::locked, "others keep replacing " + path);
}

// Removes a socket file that nobody listens on. Anything else there is an error.
Result<void> remove_stale(const std::string& path, const sockaddr_un& address) {
    struct stat there {};
    if (::lstat(path.c_str(), &there) != 0) {
        if (errno == ENOENT) return {};
        return system_error("looking at " + path, errno);
    }
    if (!S_ISSOCK(there.st_mode))
        return Error(Errc::io, path + " is there already, and is not a socket");
    const host::Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!probe) return system_error("making a socket", errno);
    if (::connect(probe.get(), generic(address), sizeof address) == 0 || errno == EAGAIN) {
        return Error(Errc::locked, "a process listens on " + path + " already");
    }
    if (errno == ENOENT) return {};
    if (errno != ECONNREFUSED) return system_error("asking who listens on " + path, errno);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        return system_error("removing the stale " + path, errno);
    return {};
}

Result<void> set_permissions(const UnixSocket& wanted) {
    const std::string& path = wanted.path;
    if (wanted.group && ::lchown(path.c_str(), static_cast<uid_t>(-1), *wanted.group) != 0) {
        return system_error("setting the group of " + path, errno);
    }
    if (::fchmodat(AT_FDCWD, path.c_str(), wanted.mode, AT_SYMLINK_NOFOLLOW) != 0) {
        return system_error("setting the mode of " + path, errno);
    }
    return {};
}

Result<struct stat> check_permissions(const UnixSocket& wanted) {
    struct stat made {};
    if (::lstat(wanted.path.c_str(), &made) != 0)
        return system_error("looking at " + wanted.path, errno);
    const bool right = S_ISSOCK(made.st_mode) && (made.st_mode & 07777U) == wanted.mode &&
                       (!wanted.group || made.st_gid == *wanted.group);
    if (!right)
        return Error(Errc::io, "mode or group of " + wanted.path + " can't be set as configured");
    return made;
}

int number_option(int socket, int option) {
    int value = 0;
    socklen_t size = sizeof value;
    return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

struct TcpAddress {
    sockaddr_storage bytes{};
    socklen_t size = 0;
};

// NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast): this is how socket addresses are made.
Result<TcpAddress> tcp_address(const std::string& text, std::uint16_t port) {
    TcpAddress address;
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address.bytes);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.bytes);
    if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        address.size = sizeof *v4;
    } else if (::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        address.size = sizeof *v6;
    } else {
        return Error(Errc::invalid_input, text + " is not an IPv4 or IPv6 address");
    }
    return address;
}

std::optional<sockaddr_storage> local_address(int socket) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        return std::nullopt;
    return address;
}
// NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)

}  // namespace

Listener::Listener(Listener&& other) noexcept {
    *this = std::move(other);
}

Listener& Listener::operator=(Listener&& other) noexcept {
    if (this == &other) return *this;
    close();
    socket_ = std::move(other.socket_);
    lock_ = std::move(other.lock_);
    handed_over_ = other.handed_over_;
    lock_path_ = std::move(other.lock_path_);
    path_ = std::exchange(other.path_, {});
    device_ = other.device_;
    inode_ = other.inode_;
    return *this;
}

Listener::~Listener() {
    close();
}

void Listener::shut() {
    if (!handed_over_ && !path_.empty()) ::shutdown(socket_.get(), SHUT_RD);
}

void Listener::close() {
    if (!path_.empty()) {
        struct stat there {};
        if (::lstat(path_.c_str(), &there) == 0 && there.st_dev == device_ &&
            there.st_ino == inode_) {
            ::unlink(path_.c_str());
        }
        path_.clear();
    }
    socket_.reset();
    if (lock_) ::unlink(lock_path_.c_str());
    lock_.reset();
}

Result<Listener> Listener::handed_over(int fd) {
    Listener listener;
    listener.socket_.reset(fd);
    if (number_option(fd, SO_DOMAIN) != AF_UNIX || number_option(fd, SO_TYPE) != SOCK_STREAM ||
        number_option(fd, SO_ACCEPTCONN) != 1) {
        return Error(Errc::misconfigured,
                     "the socket that was handed over is not a listening Unix stream socket");
    }
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
        ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
        return system_error("preparing the socket that was handed over", errno);
    }
    listener.handed_over_ = true;
    return listener;
}

std::string Listener::difference(mode_t mode, std::optional<gid_t> group) const {
    sockaddr_un address{};
    socklen_t size = sizeof address;
    struct stat facts {};
    if (::getsockname(fd(), reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
        address.sun_path[0] == '\0' || ::stat(address.sun_path, &facts) != 0) {
        return {};
    }
    const auto octal = [](mode_t bits) {
        std::string text = "0000";
        for (std::size_t i = text.size(); i > 0; --i, bits >>= 3U)
            text[i - 1] = static_cast<char>('0' + (bits & 7U));
        return text;
    };
    std::string text;
    if ((facts.st_mode & 07777U) != mode)
        text = "its mode is " + octal(facts.st_mode & 07777U) + ", not " + octal(mode);
    if (group && facts.st_gid != *group) {
        text += (text.empty() ? "its group is " : "; its group is ") +
                std::to_string(facts.st_gid) + ", not " + std::to_string(*group);
    }
    return text;
}

Result<Listener> listen_unix(const UnixSocket& wanted) {
    const auto address = unix_address(wanted.path);
    if (!address) return address.error();
    const std::string folder =
        wanted.path.substr(0, std::max<std::size_t>(wanted.path.rfind('/'), 1));
    struct stat facts {};
    if (::stat(folder.c_str(), &facts) != 0) {
        const int reason = errno;
        if (reason != ENOENT)
            return system_error("looking at the socket's folder " + folder, reason);
        return Error(Errc::not_found,
                     "the socket's folder " + folder +
                         " does not exist: create it for the daemon's user, let systemd do so "
                         "(RuntimeDirectory=), or name another socket.path",
                     reason);
    }
    if (!S_ISDIR(facts.st_mode))
        return Error(Errc::io, "the socket's folder " + folder + " is not a folder");

    Listener listener;
    listener.lock_path_ = wanted.path + ".lock";
    auto lock = take_lock(listener.lock_path_);
    if (!lock) return lock.error();
    listener.lock_ = std::move(*lock);
    if (auto removed = remove_stale(wanted.path, *address); !removed) return removed.error();
    listener.socket_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!listener) return system_error("making a socket", errno);
    // The file is born closed to others; until listen() nobody gets in anyhow.
    ::fchmod(listener.fd(), 0600);
    if (::bind(listener.fd(), generic(*address), sizeof *address) != 0) {
        return system_error("making the socket " + wanted.path, errno);
    }
    if (::lstat(wanted.path.c_str(), &facts) != 0)
        return system_error("looking at " + wanted.path, errno);
    listener.path_ = wanted.path;
    listener.device_ = facts.st_dev;
    listener.inode_ = facts.st_ino;
    if (auto set = set_permissions(wanted); !set) return set.error();
    if (auto checked = check_permissions(wanted); !checked) return checked.error();
    if (::listen(listener.fd(), longest_backlog) != 0)
        return system_error("listening on " + wanted.path, errno);
    return listener;
}

Result<Listener> listen_tcp(const std::string& address, std::uint16_t port) {
    const auto where = tcp_address(address, port);
    if (!where) return where.error();
    const std::string what = "listening on " + address + " port " + std::to_string(port);
    Listener listener;
    listener.socket_.reset(
        ::socket(where->bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!listener) return system_error(what, errno);
    const int on = 1;
    ::setsockopt(listener.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
    const auto* generic_address = reinterpret_cast<const sockaddr*>(&where->bytes);
    if (::bind(listener.fd(), generic_address, where->size) != 0 ||
        ::listen(listener.fd(), longest_backlog) != 0) {
        return system_error(what, errno);
    }
    return listener;
}

// NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast)
std::uint16_t Listener::port() const {
    const auto address = local_address(fd());
    if (!address) return 0;
    if (address->ss_family == AF_INET)
        return ntohs(reinterpret_cast<const sockaddr_in*>(&*address)->sin_port);
    if (address->ss_family == AF_INET6)
        return ntohs(reinterpret_cast<const sockaddr_in6*>(&*address)->sin6_port);
    return 0;
}

bool Listener::is_loopback() const {
    const auto address = local_address(fd());
    if (!address) return false;
    if (address->ss_family == AF_INET) {
        const std::uint32_t number =
            ntohl(reinterpret_cast<const sockaddr_in*>(&*address)->sin_addr.s_addr);
        return number >> 24U == 127;
    }
    if (address->ss_family != AF_INET6) return false;
    const in6_addr& number = reinterpret_cast<const sockaddr_in6*>(&*address)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(&number) != 0;
}
// NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)

}  // namespace tokenbroker::api
