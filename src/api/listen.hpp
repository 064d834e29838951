#pragma once

#include "base/error.hpp"
#include "host/descriptor.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

namespace tokenbroker::api {

// A listening socket, not blocking, closed on exec. Owns its descriptor and, where it made one, the
// socket file, which it removes when dropped, unless another file has taken its place.
class Listener {
public:
    Listener() = default;
    Listener(Listener&& other) noexcept;
    Listener& operator=(Listener&& other) noexcept;
    ~Listener();

    // A socket that somebody else bound and listens on (systemd): its backlog outlives us, its file
    // is not ours. Fails where it is not a listening stream socket of the Unix family.
    static Result<Listener> handed_over(int fd);

    [[nodiscard]] int fd() const noexcept { return socket_.get(); }
    explicit operator bool() const noexcept { return static_cast<bool>(socket_); }
    [[nodiscard]] bool is_handed_over() const noexcept { return handed_over_; }
    // Of a Unix socket: in what its file is not as wanted, "its mode is 0666, not 0660". Empty
    // where nothing differs, or where it has no file.
    [[nodiscard]] std::string difference(mode_t mode, std::optional<gid_t> group) const;
    [[nodiscard]] std::uint16_t port() const;  // of a TCP listener
    [[nodiscard]] bool is_loopback() const;    // likewise
    // No new connection gets in; those in the backlog can still be accepted, for a socket file of
    // our own.
    void shut();
    void close();

private:
    friend Result<Listener> listen_unix(const struct UnixSocket& wanted);
    friend Result<Listener> listen_tcp(const std::string& address, std::uint16_t port);

    host::Descriptor socket_;
    bool handed_over_ = false;
    // The socket file of our own, and what keeps others from taking its place.
    host::Descriptor lock_;
    std::string lock_path_;
    std::string path_;  // empty until the file is made
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

struct UnixSocket {
    std::string path;  // absolute, at most 107 bytes
    mode_t mode = 0660;
    std::optional<gid_t> group;
};

// Makes the socket file with exactly that mode and group before anyone can connect, or says why
// not. A socket file that nobody listens on is removed; one that somebody does is Errc::locked; any
// other file stays, Errc::io.
[[nodiscard]] Result<Listener> listen_unix(const UnixSocket& wanted);

// `address` is a numeric IPv4 or IPv6 address; port 0 takes any.
[[nodiscard]] Result<Listener> listen_tcp(const std::string& address, std::uint16_t port);

}  // namespace tokenbroker::api
