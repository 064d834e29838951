#include "host/orphans.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <sys/wait.h>
#include <unistd.h>

namespace tokenbroker::host {
namespace {

// A child that has ended and that nobody has waited for.
pid_t dead_child() {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    siginfo_t seen{};
    ::waitid(P_PID, static_cast<id_t>(child), &seen, WEXITED | WNOWAIT);
    return child;
}

bool is_there(pid_t child) {
    siginfo_t seen{};
    return ::waitid(P_PID, static_cast<id_t>(child), &seen, WEXITED | WNOHANG | WNOWAIT) == 0;
}

TEST(OrphanReaper, reaps_what_nobody_has_waited_for_since_it_looked_last) {
    OrphanReaper reaper;
    const pid_t first = dead_child();
    reaper.look();
    EXPECT_TRUE(is_there(first)) << "whoever runs it has had no time yet";
    const pid_t second = dead_child();
    for (int look = 0; look < 4; ++look)
        reaper.look();
    EXPECT_FALSE(is_there(first));
    EXPECT_FALSE(is_there(second));
    EXPECT_EQ(errno, ECHILD);
}

TEST(OrphanReaper, leaves_a_child_that_runs_alone) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
        ::_exit(0);
    }
    OrphanReaper reaper;
    reaper.look();
    reaper.look();
    EXPECT_TRUE(is_there(child));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace tokenbroker::host
