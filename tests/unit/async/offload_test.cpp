#include "async/offload.hpp"

#include "async/nursery.hpp"
#include "support/fake_clock.hpp"

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>
#include <string>
#include <thread>

namespace tokenbroker::async {
namespace {

namespace asio = boost::asio;

struct OffloadTest : testing::Test {
    asio::awaitable<void> run(std::function<std::string()> work) {
        try {
            result = co_await offload.run<std::string>(std::move(work));
        } catch (const std::logic_error& failure) {
            result = std::string("threw ") + failure.what();
        }
        resumed_on = std::this_thread::get_id();
    }

    asio::awaitable<void> run_until(BootTime deadline, std::function<std::string()> work) {
        auto got = co_await offload.run_until<std::string>(clock, deadline, std::move(work));
        result = got ? *got : "nothing";
    }

    asio::io_context loop{1};
    support::FakeClock clock{loop};
    Offload offload{loop, 1};
    Nursery nursery{loop.get_executor()};
    std::string result;
    std::thread::id resumed_on;
};

TEST_F(OffloadTest, works_elsewhere_and_comes_back_to_the_loop) {
    std::thread::id worked_on;
    nursery.spawn("work", run([&worked_on] {
                      worked_on = std::this_thread::get_id();
                      return std::string("done");
                  }));
    loop.run();
    EXPECT_EQ(result, "done");
    EXPECT_NE(worked_on, std::this_thread::get_id());
    EXPECT_EQ(resumed_on, std::this_thread::get_id());
}

TEST_F(OffloadTest, brings_an_exception_back) {
    nursery.spawn("work", run([]() -> std::string { throw std::logic_error("no"); }));
    loop.run();
    EXPECT_EQ(result, "threw no");
}

TEST_F(OffloadTest, a_cancelled_caller_leaves_while_the_work_runs_on) {
    std::promise<void> started;
    std::promise<void> release;
    nursery.spawn("work", run([&started, gate = release.get_future().share()] {
                      started.set_value();
                      gate.wait();
                      return std::string("late");
                  }));
    loop.poll();
    started.get_future().wait();
    nursery.cancel();
    while (!nursery.empty())
        loop.run_one();
    release.set_value();
    loop.run();
    EXPECT_EQ(result, "");
}

TEST_F(OffloadTest, is_left_at_the_deadline_while_the_work_runs_on) {
    std::promise<void> release;
    const BootTime deadline = clock.now().boot + std::chrono::seconds(5);
    nursery.spawn("work", run_until(deadline, [gate = release.get_future().share()] {
                      gate.wait();
                      return std::string("late");
                  }));
    clock.advance(std::chrono::milliseconds(4999));
    EXPECT_EQ(result, "");
    clock.advance(std::chrono::milliseconds(1));
    EXPECT_EQ(result, "nothing");
    EXPECT_TRUE(nursery.empty());
    release.set_value();
    loop.restart();
    loop.run();
    EXPECT_EQ(result, "nothing");
}

TEST_F(OffloadTest, gives_what_was_done_before_the_deadline) {
    const BootTime deadline = clock.now().boot + std::chrono::seconds(5);
    nursery.spawn("work", run_until(deadline, [] { return std::string("done"); }));
    loop.run();
    EXPECT_EQ(result, "done");
    EXPECT_EQ(clock.sleepers(), 0U);
}

}  // namespace
}  // namespace tokenbroker::async
