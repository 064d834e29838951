#include "async/event.hpp"

#include "async/nursery.hpp"
#include "support/fake_clock.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tokenbroker::async {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

struct EventTest : testing::Test {
    ~EventTest() override {
        nursery.cancel();
        clock.settle();
        EXPECT_TRUE(nursery.empty());
    }

    asio::awaitable<void> wait(std::string name) {
        co_await event.wait();
        woken.push_back(std::move(name));
    }
    asio::awaitable<void> wait_until(std::string name, BootTime deadline) {
        const bool notified = co_await event.wait_until(clock, deadline);
        woken.push_back(name + (notified ? " notified" : " timed out"));
    }

    asio::io_context loop{1};
    support::FakeClock clock{loop};
    Event event;
    Nursery nursery{loop.get_executor()};
    std::vector<std::string> woken;
};

TEST_F(EventTest, wakes_all_who_wait) {
    nursery.spawn("a", wait("a"));
    nursery.spawn("b", wait("b"));
    clock.settle();
    EXPECT_TRUE(woken.empty());
    event.notify_all();
    clock.settle();
    EXPECT_EQ(woken, (std::vector<std::string>{"a", "b"}));
}

TEST_F(EventTest, remembers_no_notification) {
    event.notify_all();
    nursery.spawn("a", wait("a"));
    clock.settle();
    EXPECT_TRUE(woken.empty());
}

TEST_F(EventTest, a_deadline_wakes_its_own_waiter_alone) {
    nursery.spawn("short", wait_until("short", clock.now().boot + 5s));
    nursery.spawn("long", wait_until("long", clock.now().boot + 10s));
    nursery.spawn("none", wait("none"));
    clock.advance(5s);
    EXPECT_EQ(woken, std::vector<std::string>{"short timed out"});
    event.notify_all();
    clock.settle();
    EXPECT_EQ(woken, (std::vector<std::string>{"short timed out", "long notified", "none"}));
}

TEST_F(EventTest, a_deadline_that_has_passed_does_not_wait) {
    nursery.spawn("past", wait_until("past", clock.now().boot));
    clock.settle();
    EXPECT_EQ(woken, std::vector<std::string>{"past timed out"});
}

TEST_F(EventTest, a_cancelled_waiter_leaves_the_others_and_its_alarm_goes_with_it) {
    Nursery other(loop.get_executor());
    other.spawn("leaver", wait_until("leaver", clock.now().boot + 5s));
    nursery.spawn("stayer", wait("stayer"));
    clock.settle();
    EXPECT_EQ(clock.sleepers(), 1U);
    other.cancel();
    clock.settle();
    EXPECT_TRUE(other.empty());
    EXPECT_TRUE(woken.empty());
    EXPECT_EQ(clock.sleepers(), 0U);
    EXPECT_EQ(event.waiters(), 1U);
}

}  // namespace
}  // namespace tokenbroker::async
