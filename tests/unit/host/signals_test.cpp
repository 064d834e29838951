#include "host/signals.hpp"

#include "async/nursery.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <csignal>
#include <unistd.h>
#include <vector>

namespace tokenbroker::host {
namespace {

namespace asio = boost::asio;

TEST(Signals, come_in_order_and_none_is_lost_between_two_calls) {
    asio::io_context loop(1);
    Signals signals(loop.get_executor());
    std::vector<Signal> got;
    const auto collect = [&]() -> asio::awaitable<void> {
        while (got.size() < 3) {
            const Signal one = co_await signals.next();
            got.push_back(one);
            if (got.size() == 1) {
                std::raise(SIGHUP);
                std::raise(SIGINT);
            }
        }
    };
    async::Nursery nursery(loop.get_executor());
    nursery.spawn("collect", collect());
    loop.poll();
    std::raise(SIGTERM);
    loop.run();
    EXPECT_EQ(got, (std::vector{Signal::stop, Signal::reload, Signal::stop}));
}

TEST(Signals, one_that_comes_when_they_are_gone_does_not_kill_a_process_that_is_leaving) {
    const auto leave = [] {
        asio::io_context loop(1);
        { const Signals signals(loop.get_executor()); }
        std::raise(SIGTERM);
        ::_exit(7);
    };
    EXPECT_EXIT(leave(), testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace tokenbroker::host
