#pragma once

#include "base/error.hpp"
#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace tokenbroker::host {

// Owns a file descriptor of the kernel's process handle (pidfd), or none.
class ProcessHandle {
public:
    ProcessHandle() = default;
    explicit ProcessHandle(int fd) : fd_(fd) {}
    ProcessHandle(ProcessHandle&& other) noexcept;
    ProcessHandle& operator=(ProcessHandle&& other) noexcept;
    ~ProcessHandle();

    [[nodiscard]] int fd() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    // Whether the process still runs. While it does, its pid is not another's.
    [[nodiscard]] bool alive() const noexcept;

private:
    int fd_ = -1;
};

// Who connected to a Unix socket, as the kernel kept it at connect(2).
struct PeerIds {
    uid_t uid;
    gid_t gid;
    pid_t pid;  // 0: in a PID namespace that we can't see into
};
[[nodiscard]] Result<PeerIds> peer_ids(int socket);

// Supplementary groups, sorted. They too are those of connect(2).
[[nodiscard]] Result<std::vector<gid_t>> peer_groups(int socket);

// A handle of the peer that cannot be mistaken for a later process of the same pid: SO_PEERPIDFD.
// On kernels before 6.5, which can't say, Errc::unavailable: hold the process with hold_process()
// at accept.
[[nodiscard]] Result<ProcessHandle> peer_process(int socket);
// Whether this kernel has SO_PEERPIDFD. Asked once.
[[nodiscard]] bool kernel_names_peer_process();

// Before kernel 6.5: opens the process with this pid right after accept(2). Call identify() on the
// result before believing it: the pid may be another process's by now.
[[nodiscard]] Result<ProcessHandle> hold_process(pid_t pid);
// Whether the process behind `handle` is the one that connected: /proc shows `ids.uid` and a start
// no later than `accepted`, both read while the handle lives.
[[nodiscard]] bool is_the_peer(const ProcessHandle& handle, const PeerIds& ids, BootTime accepted);

// The system manager's unit of a process, as sd_pid_get_unit() has it: "cron.service",
// "user@1000.service". Read from /proc/PID/cgroup while the handle lives: a few microseconds, never
// the disk. Errc::unavailable where the process is gone or can't be seen, Errc::not_found where it
// is in no unit.
[[nodiscard]] Result<std::string> unit_of(const ProcessHandle& handle, pid_t pid);
// The file it runs, where the kernel lets us read that (same user, or privileged).
[[nodiscard]] std::optional<std::string> executable_of(const ProcessHandle& handle, pid_t pid);

// The unit that a control group path stands for: what follows its slices. None where that is no
// unit's name.
[[nodiscard]] std::optional<std::string> unit_of_cgroup(std::string_view path);
// The path of the manager's own hierarchy in the text of /proc/PID/cgroup; cut by `root`, where the
// manager of a container is itself in a group.
[[nodiscard]] std::optional<std::string> manager_cgroup(std::string_view proc_cgroup,
                                                        std::string_view root);

}  // namespace tokenbroker::host
