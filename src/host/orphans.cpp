#include "host/orphans.hpp"

#include <sys/wait.h>

namespace tokenbroker::host {
namespace {

// Some child that has ended, which stays there; 0: none.
pid_t a_dead_child() {
    siginfo_t dead{};
    return ::waitid(P_ALL, 0, &dead, WEXITED | WNOHANG | WNOWAIT) == 0 ? dead.si_pid : 0;
}

}  // namespace

void OrphanReaper::look() {
    const pid_t before = seen_;
    seen_ = a_dead_child();
    if (seen_ == 0 || seen_ != before) return;
    ::waitpid(seen_, nullptr, WNOHANG);
    seen_ = a_dead_child();
}

}  // namespace tokenbroker::host
