#include "daemon/last_exit.hpp"

#include <csignal>
#include <sys/time.h>
#include <unistd.h>

namespace tokenbroker::daemon {
namespace {

// A signal handler can't be handed anything.
volatile std::sig_atomic_t exit_code = 0;

void leave(int) {
    ::_exit(static_cast<int>(exit_code));
}

}  // namespace

void leave_at_latest_in(Milliseconds longest, int code) {
    exit_code = code;
    struct sigaction action {};
    action.sa_handler = &leave;
    ::sigaction(SIGALRM, &action, nullptr);
    itimerval timer{};
    timer.it_value.tv_sec = longest.count() / 1000;
    timer.it_value.tv_usec = longest.count() % 1000 * 1000;
    ::setitimer(ITIMER_REAL, &timer, nullptr);
}

}  // namespace tokenbroker::daemon
