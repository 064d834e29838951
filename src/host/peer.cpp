#include "host/peer.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace tokenbroker::host {
namespace {

// Not in the headers of Debian 12, whose kernel may well be newer.
constexpr int so_peerpidfd = 77;

// A small file of /proc, whole; none where it can't be read.
std::optional<std::string> read_proc(const std::string& path) {
    errno = 0;
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return std::nullopt;
    constexpr std::size_t most = std::size_t{64} * 1024;
    std::string text;
    std::array<char, 4096> piece;
    while (text.size() < most) {
        const ssize_t got = ::read(file.get(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt;
        if (got == 0) return text;
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
    return std::nullopt;
}

std::string proc_path(pid_t pid, std::string_view file) {
    return "/proc/" + std::to_string(pid) + "/" + std::string(file);
}

// The effective uid in /proc/PID/status: "Uid:\treal\teffective\tsaved\tfs".
std::optional<uid_t> effective_uid(const std::string& status) {
    const std::size_t line = status.find("\nUid:\t");
    if (line == std::string::npos) return std::nullopt;
    const std::size_t real = line + 6;
    const std::size_t effective = status.find('\t', real);
    if (effective == std::string::npos) return std::nullopt;
    uid_t uid = 0;
    const char* begin = status.data() + effective + 1;
    const auto [end, error] = std::from_chars(begin, status.data() + status.size(), uid);
    if (error != std::errc() || end == begin) return std::nullopt;
    return uid;
}

// When a process started, from field 22 of /proc/PID/stat. The name in field 2 may hold anything,
// so the fields are counted from its closing parenthesis.
std::optional<BootTime> start_time(const std::string& stat) {
    std::size_t at = stat.rfind(')');
    if (at == std::string::npos) return std::nullopt;
    for (int field = 2; field < 22; ++field) {
        at = stat.find(' ', at + 1);
        if (at == std::string::npos) return std::nullopt;
    }
    std::int64_t ticks = 0;
    const auto [end, error] =
        std::from_chars(stat.data() + at + 1, stat.data() + stat.size(), ticks);
    if (error != std::errc()) return std::nullopt;
    static const long per_second = ::sysconf(_SC_CLK_TCK);
    return BootTime(Milliseconds(ticks * 1000 / per_second));
}

// Where the service manager's own group is: that of process 1, but for the last step it took
// itself.
const std::string& manager_root() {
    static const std::string root = [] {
        const auto text = read_proc("/proc/1/cgroup");
        std::string path = text ? manager_cgroup(*text, "").value_or("/") : "/";
        for (const std::string_view own : {"/init.scope", "/system.slice", "/system"}) {
            if (path.size() >= own.size() && path.substr(path.size() - own.size()) == own) {
                path.resize(path.size() - own.size());
                break;
            }
        }
        return path;
    }();
    return root;
}

}  // namespace

Result<core::Peer> read_peer(int socket) {
    ucred ids{};
    socklen_t size = sizeof ids;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &ids, &size) != 0) {
        return system_error("SO_PEERCRED", errno);
    }
    core::Peer peer;
    peer.uid = ids.uid;
    peer.gid = ids.gid;
    peer.pid = ids.pid;
    return peer;
}

Result<void> read_groups(int socket, core::Peer& peer) {
    peer.groups.resize(32);
    while (true) {
        auto size = static_cast<socklen_t>(peer.groups.size() * sizeof(gid_t));
        const int failed =
            ::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &size);
        if (failed != 0 && errno != ERANGE) {
            peer.groups.clear();
            return system_error("SO_PEERGROUPS", errno);
        }
        peer.groups.resize(size / sizeof(gid_t));
        if (failed == 0) return {};
    }
}

bool ProcessHandle::alive() const noexcept {
    // A pidfd becomes readable when its process has ended.
    pollfd ended{pidfd_.get(), POLLIN, 0};
    return pidfd_ && ::poll(&ended, 1, 0) == 0;
}

bool kernel_names_processes() {
    static const bool known = [] {
        std::array<int, 2> pair{-1, -1};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) return false;
        const Descriptor first(pair[0]);
        const Descriptor second(pair[1]);
        return peer_process(first.get()).has_value();
    }();
    return known;
}

Result<ProcessHandle> peer_process(int socket) {
    int pidfd = -1;
    socklen_t size = sizeof pidfd;
    if (::getsockopt(socket, SOL_SOCKET, so_peerpidfd, &pidfd, &size) != 0) {
        return system_error("SO_PEERPIDFD", errno);
    }
    return ProcessHandle(Descriptor(pidfd));
}

Result<ProcessHandle> hold_process(pid_t pid) {
    const long pidfd = ::syscall(SYS_pidfd_open, pid, 0U);
    if (pidfd < 0) return system_error("pidfd_open", errno);
    return ProcessHandle(Descriptor(static_cast<int>(pidfd)));
}

bool is_the_peer(const ProcessHandle& process, const core::Peer& peer, BootTime accepted) {
    const auto status = read_proc(proc_path(peer.pid, "status"));
    const auto stat = read_proc(proc_path(peer.pid, "stat"));
    if (!status || !stat || !process.alive()) return false;
    const auto uid = effective_uid(*status);
    const auto started = start_time(*stat);
    return uid && *uid == peer.uid && started && *started <= accepted;
}

bool is_shortage(int error_number) noexcept {
    return error_number == EMFILE || error_number == ENFILE || error_number == ENOMEM;
}

void look_up_unit(const ProcessHandle& process, core::Peer& peer) {
    using Unit = core::Peer::Unit;
    peer.unit.clear();
    peer.unit_state = Unit::failed;
    if (peer.pid <= 0) {
        peer.unit_reason = "its process is in another PID namespace, where its unit can't be seen";
        return;
    }
    const auto text = read_proc(proc_path(peer.pid, "cgroup"));
    if (!text && is_shortage(errno)) {
        peer.unit_state = Unit::not_looked_up;
        return;
    }
    if (!process.alive()) {
        peer.unit_reason = "its process has ended";
        return;
    }
    if (!text) {
        peer.unit_reason = "its control group can't be read";
        return;
    }
    const auto path = manager_cgroup(*text, manager_root());
    auto unit = path ? unit_of_cgroup(*path) : std::nullopt;
    peer.unit_reason.clear();
    peer.unit_state = unit ? Unit::known : Unit::none;
    if (unit) peer.unit = std::move(*unit);
}

std::optional<std::string> executable_of(const ProcessHandle& process, pid_t pid) {
    if (pid <= 0) return std::nullopt;
    std::array<char, 4096> path;
    const ssize_t size = ::readlink(proc_path(pid, "exe").c_str(), path.data(), path.size());
    if (size <= 0 || static_cast<std::size_t>(size) == path.size() || !process.alive())
        return std::nullopt;
    return std::string(path.data(), static_cast<std::size_t>(size));
}

}  // namespace tokenbroker::host
