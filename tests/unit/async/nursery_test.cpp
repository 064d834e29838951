#include "async/nursery.hpp"

#include "support/fake_clock.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace tokenbroker::async {
namespace {

namespace asio = boost::asio;

struct NurseryTest : testing::Test {
    asio::awaitable<void> forever_waiting() {
        ++started;
        co_await event.wait();
        ++finished;
    }
    asio::awaitable<void> failing() {
        co_await event.wait();
        throw std::runtime_error("broken");
    }
    asio::awaitable<void> join(Nursery& nursery) {
        try {
            co_await nursery.join();
            joined = "clean";
        } catch (const std::exception& failure) {
            joined = failure.what();
        }
    }

    asio::io_context loop{1};
    support::FakeClock clock{loop};
    Event event;
    int started = 0;
    int finished = 0;
    std::string joined;
};

TEST_F(NurseryTest, join_waits_for_the_last_child) {
    Nursery children(loop.get_executor());
    Nursery owner(loop.get_executor());
    children.spawn("a", forever_waiting());
    children.spawn("b", forever_waiting());
    owner.spawn("join", join(children));
    clock.settle();
    EXPECT_EQ(started, 2);
    EXPECT_EQ(joined, "");
    event.notify_all();
    clock.settle();
    EXPECT_EQ(finished, 2);
    EXPECT_EQ(joined, "clean");
}

TEST_F(NurseryTest, cancel_of_one_child_leaves_the_others) {
    Nursery children(loop.get_executor());
    Nursery owner(loop.get_executor());
    const Nursery::ChildId first = children.spawn("a", forever_waiting());
    children.spawn("b", forever_waiting());
    clock.settle();
    children.cancel(first);
    clock.settle();
    EXPECT_EQ(children.size(), 1U);
    children.cancel(first);  // once more: it has ended, so nothing
    owner.spawn("join", join(children));
    event.notify_all();
    clock.settle();
    EXPECT_EQ(finished, 1);
    EXPECT_EQ(joined, "clean");
}

TEST_F(NurseryTest, cancel_ends_every_child_and_is_no_failure) {
    Nursery children(loop.get_executor());
    Nursery owner(loop.get_executor());
    children.spawn("a", forever_waiting());
    children.spawn("b", forever_waiting());
    clock.settle();
    children.cancel();
    owner.spawn("join", join(children));
    clock.settle();
    EXPECT_EQ(finished, 0);
    EXPECT_TRUE(children.empty());
    EXPECT_EQ(joined, "clean");
}

TEST_F(NurseryTest, join_throws_the_first_failure) {
    Nursery children(loop.get_executor());
    Nursery owner(loop.get_executor());
    children.spawn("bad", failing());
    clock.settle();
    owner.spawn("join", join(children));
    event.notify_all();
    clock.settle();
    EXPECT_EQ(joined, "broken");
}

TEST_F(NurseryTest, a_failure_goes_to_its_handler_where_there_is_one) {
    std::string failed;
    Nursery children(loop.get_executor(), [&failed](const std::string& name,
                                                    const std::exception_ptr&) { failed = name; });
    Nursery owner(loop.get_executor());
    children.spawn("bad", failing());
    clock.settle();
    owner.spawn("join", join(children));
    event.notify_all();
    clock.settle();
    EXPECT_EQ(failed, "bad");
    EXPECT_EQ(joined, "clean");
}

}  // namespace
}  // namespace tokenbroker::async
