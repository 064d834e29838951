#include "host/system_clock.hpp"

#include "async/event.hpp"
#include "async/nursery.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <ctime>
#include <sys/time.h>
#include <vector>

namespace tokenbroker::host {
namespace {

struct SystemClockTest : testing::Test {
    boost::asio::io_context loop{1};
    SystemClock clock{loop.get_executor()};
    std::vector<int> rung;
};

TEST_F(SystemClockTest, rings_alarms_in_order_of_time_and_not_before) {
    const BootTime begin = clock.now().boot;
    clock.set_alarm(begin + Milliseconds(30), [this] { rung.push_back(3); });
    clock.set_alarm(begin + Milliseconds(10), [this] { rung.push_back(1); });
    clock.set_alarm(begin + Milliseconds(20), [this] { rung.push_back(2); });
    loop.run();
    EXPECT_EQ(rung, (std::vector<int>{1, 2, 3}));
    EXPECT_GE(clock.now().boot, begin + Milliseconds(30));
}

TEST_F(SystemClockTest, rings_from_the_loop_even_where_the_time_has_passed) {
    clock.set_alarm(clock.now().boot - std::chrono::hours(1), [this] { rung.push_back(1); });
    clock.set_alarm(BootTime(), [this] { rung.push_back(0); });
    EXPECT_TRUE(rung.empty());
    loop.run();
    EXPECT_EQ(rung, (std::vector<int>{0, 1}));
}

TEST_F(SystemClockTest, lets_run_return_where_nothing_is_left_to_wait_for) {
    const auto id =
        clock.set_alarm(clock.now().boot + std::chrono::hours(1), [this] { rung.push_back(1); });
    clock.cancel_alarm(id);
    clock.cancel_alarm(id);
    loop.run();
    EXPECT_TRUE(rung.empty());
    // And a later alarm still rings.
    loop.restart();
    clock.set_alarm(clock.now().boot + Milliseconds(1), [this] { rung.push_back(2); });
    loop.run();
    EXPECT_EQ(rung, (std::vector<int>{2}));
}

TEST_F(SystemClockTest, rings_a_later_alarm_after_an_earlier_one_was_cancelled) {
    const BootTime begin = clock.now().boot;
    const auto id = clock.set_alarm(begin + Milliseconds(5), [this] { rung.push_back(1); });
    clock.set_alarm(begin + Milliseconds(20), [this] { rung.push_back(2); });
    clock.cancel_alarm(id);
    loop.run();
    EXPECT_EQ(rung, (std::vector<int>{2}));
}

TEST_F(SystemClockTest, takes_alarms_and_cancellations_from_inside_an_alarm) {
    const BootTime begin = clock.now().boot;
    async::Clock::AlarmId doomed = 0;
    clock.set_alarm(begin, [this, begin, &doomed] {
        rung.push_back(1);
        clock.cancel_alarm(doomed);
        clock.set_alarm(begin, [this] { rung.push_back(3); });
    });
    doomed = clock.set_alarm(begin, [this] { rung.push_back(2); });
    loop.run();
    EXPECT_EQ(rung, (std::vector<int>{1, 3}));
}

TEST_F(SystemClockTest, does_not_let_alarms_that_set_themselves_starve_the_loop) {
    int turns = 0;
    std::function<void()> again = [&] {
        if (++turns < 1000) clock.set_alarm(BootTime(), again);
    };
    clock.set_alarm(BootTime(), again);
    loop.run_one();
    loop.poll_one();
    EXPECT_LT(turns, 5);
    loop.run();
    EXPECT_EQ(turns, 1000);
}

TEST_F(SystemClockTest, carries_many_sleepers) {
    async::Nursery nursery(loop.get_executor());
    const BootTime begin = clock.now().boot;
    for (int i = 0; i < 2000; ++i)
        nursery.spawn("sleep", async::sleep_until(clock, begin + Milliseconds(i % 50)));
    loop.run();
    EXPECT_TRUE(nursery.empty());
}

TEST_F(SystemClockTest, reads_both_clocks) {
    const Moment now = clock.now();
    timespec wall{};
    ::clock_gettime(CLOCK_REALTIME, &wall);
    EXPECT_NEAR(static_cast<double>(now.wall.time_since_epoch().count()),
                static_cast<double>(wall.tv_sec) * 1000.0, 5000.0);
    EXPECT_GT(now.boot.time_since_epoch().count(), 0);
}

TEST_F(SystemClockTest, stops_watching_when_told_to) {
    clock.on_step([this] { rung.push_back(1); });
    clock.stop_watching();
    loop.run();
    EXPECT_TRUE(rung.empty());
}

TEST_F(SystemClockTest, says_when_the_wall_clock_was_set) {
    timespec before{};
    ::clock_gettime(CLOCK_REALTIME, &before);
    clock.on_step([this] {
        rung.push_back(1);
        clock.stop_watching();
    });
    // Set to what it is: a step that changes nothing is one for the kernel all the same.
    if (::clock_settime(CLOCK_REALTIME, &before) != 0) {
        clock.stop_watching();
        loop.run();
        GTEST_SKIP() << "setting the clock needs CAP_SYS_TIME";
    }
    loop.run_for(std::chrono::seconds(10));
    EXPECT_EQ(rung, (std::vector<int>{1}));
}

TEST(BootId, is_the_same_each_time) {
    const auto one = read_boot_id();
    ASSERT_TRUE(one);
    EXPECT_EQ(one->size(), 36U);
    EXPECT_EQ(*one, *read_boot_id());
}

}  // namespace
}  // namespace tokenbroker::host
