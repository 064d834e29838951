#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "core/peer.hpp"
#include "host/descriptor.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

// Who is at the other end of a Unix socket, as the kernel tells it. Nothing here blocks: the kernel
// makes up what is read from /proc, no disk and no name service is asked.
namespace tokenbroker::host {

// uid, gid and pid of connect(2). Supplementary groups and the unit are looked up apart, once a
// decision needs them.
[[nodiscard]] Result<core::Peer> read_peer(int socket);
// Fills in `peer.groups`: those of connect(2) too.
[[nodiscard]] Result<void> read_groups(int socket, core::Peer& peer);

// Holds a process by its pidfd: while it lives, its pid is not another's.
class ProcessHandle {
public:
    ProcessHandle() = default;
    explicit ProcessHandle(Descriptor pidfd) : pidfd_(std::move(pidfd)) {}
    explicit operator bool() const noexcept { return static_cast<bool>(pidfd_); }
    [[nodiscard]] bool alive() const noexcept;

private:
    Descriptor pidfd_;
};

// Whether this kernel names the peer's process for good (SO_PEERPIDFD, 6.5). Asked once.
[[nodiscard]] bool kernel_names_processes();
// The process that connected, at any time later. Only where kernel_names_processes().
[[nodiscard]] Result<ProcessHandle> peer_process(int socket);
// For older kernels: right after accept(2). It is the peer's process if is_the_peer() says so.
[[nodiscard]] Result<ProcessHandle> hold_process(pid_t pid);
// Whether /proc shows the kernel's uid and a start no later than the accept, read while the handle
// lives.
[[nodiscard]] bool is_the_peer(const ProcessHandle& process, const core::Peer& peer,
                               BootTime accepted);

// Whether a call that failed so may well succeed a moment later: no descriptor or memory.
[[nodiscard]] bool is_shortage(int error_number) noexcept;

// Fills in unit_state, unit and unit_reason, reading /proc/PID/cgroup while the handle lives. The
// unit is what sd_pid_get_unit(3) returns: "cron.service", and "user@1000.service" for all of a
// user's manager. Left at not_looked_up where there is no descriptor or memory to look.
void look_up_unit(const ProcessHandle& process, core::Peer& peer);
// The file it runs, where the kernel lets us read that (the same user, or privileged).
[[nodiscard]] std::optional<std::string> executable_of(const ProcessHandle& process, pid_t pid);

// The system manager's unit that a control group path stands for: what follows its slices.
[[nodiscard]] std::optional<std::string> unit_of_cgroup(std::string_view path);
// From the text of /proc/PID/cgroup the path that the service manager sees; that of its root is cut
// off where the manager is itself in a group (a container).
[[nodiscard]] std::optional<std::string> manager_cgroup(std::string_view proc_cgroup,
                                                        std::string_view root);

}  // namespace tokenbroker::host
