#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace tokenbroker::core {

// A local process at the other end of the socket, as the kernel names it at connect. host/ fills it
// in.
struct Peer {
    // Whether `unit` is what sd_pid_get_unit() said. Only `known` can match an allow line.
    enum class Unit {
        not_looked_up,  // nobody asked, or a bare uid without a process
        known,
        none,    // the process is in no unit of the system manager
        failed,  // it can't be told safely: gone, another PID namespace, no pidfd
    };

    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;  // supplementary
    pid_t pid = 0;              // 0: in a PID namespace that can't be seen from here
    Unit unit_state = Unit::not_looked_up;
    std::string unit;         // "invoices.service" where unit_state is known
    std::string unit_reason;  // one phrase for people where unit_state is failed
};

}  // namespace tokenbroker::core
