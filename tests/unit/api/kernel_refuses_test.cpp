#include "server_fixture.hpp"

#include <atomic>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

std::atomic<bool> no_memory_to_watch = false;

}  // namespace

// In the place of the C library's.
extern "C" int epoll_ctl(int set, int operation, int fd, epoll_event* event) noexcept {
    if (no_memory_to_watch && operation == EPOLL_CTL_ADD) {
        errno = ENOMEM;
        return -1;
    }
    return static_cast<int>(::syscall(SYS_epoll_ctl, set, operation, fd, event));
}

namespace tokenbroker::api {
namespace {

const std::string target = "/v1/accounts/rossum-prod/token";

class KernelRefusesTest : public ServerTest {
protected:
    ~KernelRefusesTest() override { no_memory_to_watch = false; }
};

TEST_F(KernelRefusesTest, a_connection_that_can_not_be_watched_is_answered_and_closed) {
    account->publish(7, "tok-1");
    start_server();
    Client old = connect();
    EXPECT_EQ(status_of(exchange(old, get_request(target))), 200U);
    no_memory_to_watch = true;
    Client late = connect();
    EXPECT_EQ(status_of(exchange(late, get_request(target))), 200U);
    EXPECT_TRUE(late.closed());
    Client silent = connect();
    clock.settle();
    EXPECT_TRUE(silent.closed());
    EXPECT_EQ(registry.process().connections, 1U);
    EXPECT_EQ(status_of(exchange(old, get_request(target))), 200U) << "the others are served";
    no_memory_to_watch = false;
    EXPECT_EQ(status_of(get(target)), 200U);
}

TEST_F(KernelRefusesTest, a_call_that_can_not_be_watched_while_it_waits_ends) {
    start_server();
    no_memory_to_watch = true;
    Client waiting = connect();
    exchange(waiting, get_request(target + "?wait=60s"));
    EXPECT_TRUE(waiting.closed());
    EXPECT_EQ(registry.process().waiting_calls, 0U);
}

}  // namespace
}  // namespace tokenbroker::api
