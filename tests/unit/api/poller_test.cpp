#include "api/poller.hpp"

#include "async/nursery.hpp"
#include "async/offload.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace tokenbroker::api {
namespace {

// One end of a pair of sockets, whose other end has something to say.
class FakeTarget final : public Poller::Target {
public:
    explicit FakeTarget(std::string called, std::vector<std::string>& served)
        : name(std::move(called)), served_(served) {
        std::array<int, 2> pair{-1, -1};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
        end = host::Descriptor(pair[0]);
        other_ = host::Descriptor(pair[1]);
        EXPECT_EQ(::write(other_.get(), "x", 1), 1);
    }
    void on_ready(std::uint32_t events) override {
        served_.push_back(events == 0 ? name + " again" : name);
        if (when_served) when_served();
    }
    void be_quiet() const {
        char byte = 0;
        EXPECT_EQ(::read(end.get(), &byte, 1), 1);
    }

    std::string name;
    host::Descriptor end;
    std::function<void()> when_served;

private:
    host::Descriptor other_;
    std::vector<std::string>& served_;
};

class PollerTest : public testing::Test {
protected:
    // Until so much was served.
    void serve(std::size_t times) {
        while (served.size() < times) {
            ASSERT_TRUE(poller.wait(false));
            poller.serve();
        }
    }
    // Comes with an event, in the crowd of that user, and asks again whenever it was served.
    std::unique_ptr<FakeTarget> greedy(const std::string& name, uid_t user) {
        auto made = std::make_unique<FakeTarget>(name, served);
        made->when_served = [this, one = made.get()] {
            take_a_turn();
            poller.again(*one);
        };
        EXPECT_TRUE(poller.add(made->end.get(), *made, EPOLLIN | EPOLLET));
        poller.move_to_crowd(*made, user);
        return made;
    }
    std::vector<std::unique_ptr<FakeTarget>> crowd_of(int size, const std::string& name) {
        std::vector<std::unique_ptr<FakeTarget>> crowd;
        while (size-- > 0)
            crowd.push_back(greedy(name, 1000));
        return crowd;
    }
    // So each step of the crowd is the last before the others.
    static void take_a_turn() {
        const auto until = std::chrono::steady_clock::now() + turn_of_the_crowd;
        while (std::chrono::steady_clock::now() < until) {
        }
    }
    [[nodiscard]] std::size_t count(const std::string& name) const {
        return static_cast<std::size_t>(std::count_if(
            served.begin(), served.end(),
            [&name](const std::string& one) { return one.substr(0, name.size()) == name; }));
    }
    [[nodiscard]] std::size_t in_a_row() const {
        std::size_t times = 0;
        for (std::size_t i = 0; i + 1 < served.size(); ++i)
            if (served[i][0] == 'c' && served[i + 1][0] == 'c') ++times;
        return times;
    }

    boost::asio::io_context loop{1};
    std::vector<std::string> served;
    Poller poller{loop.get_executor()};
};

TEST_F(PollerTest, the_crowd_is_served_between_two_looks_at_the_others) {
    FakeTarget decent("decent", served);
    decent.when_served = [this] { poller.front_asks(); };
    const auto crowd = crowd_of(10, "crowd");
    ASSERT_TRUE(poller.add(decent.end.get(), decent, EPOLLIN));
    serve(40);
    EXPECT_EQ(in_a_row(), 0U);
    EXPECT_GE(count("crowd"), 10U) << "nor does it starve";
}

TEST_F(PollerTest, the_crowd_is_served_for_longer_while_nobody_in_front_asks) {
    FakeTarget listener("listener", served);
    const auto crowd = crowd_of(10, "crowd");
    ASSERT_TRUE(poller.add(listener.end.get(), listener, EPOLLIN));
    serve(400);
    EXPECT_GE(in_a_row(), 10U);
}

TEST_F(PollerTest, each_user_has_a_crowd_of_its_own_and_they_take_turns) {
    const auto many = crowd_of(200, "many");
    const auto one = greedy("one", 1001);
    // Those of the first look at once are in front of whoever the next one finds.
    serve(100);
    EXPECT_GE(count("one"), 10U) << "with one of 201 connections";
}

TEST_F(PollerTest, who_is_in_the_crowd_of_nobody_is_served) {
    FakeTarget one("one", served);
    ASSERT_TRUE(poller.add(one.end.get(), one, EPOLLIN | EPOLLET));
    poller.move_to_crowd(one, std::nullopt);
    EXPECT_EQ(poller.in_crowds(), 1U);
    serve(1);
    EXPECT_EQ(served, std::vector<std::string>{"one"});
}

TEST_F(PollerTest, what_came_while_it_waited_in_the_crowd_is_not_lost_when_it_leaves) {
    FakeTarget one("one", served);
    const auto first = greedy("first", 1000);
    first->when_served = [&] { poller.move_to_front(one); };
    ASSERT_TRUE(poller.add(one.end.get(), one, EPOLLIN | EPOLLET));
    poller.move_to_crowd(one, 1000);
    serve(2);
    EXPECT_EQ(served, (std::vector<std::string>{"first", "one"}));
    EXPECT_FALSE(one.in_crowd());
    EXPECT_FALSE(poller.wait(false));
}

TEST_F(PollerTest, who_is_removed_while_it_waits_in_the_crowd_is_not_served) {
    std::vector<std::unique_ptr<FakeTarget>> crowd;
    for (const char* name : {"a", "b", "c"}) {
        crowd.push_back(greedy(name, 1000));
        const auto ask_again = crowd.back()->when_served;
        crowd.back()->when_served = [ask_again] {
            take_a_turn();
            take_a_turn();
            ask_again();
        };
    }
    while (served.empty()) {
        ASSERT_TRUE(poller.wait(false));
        poller.serve();
    }
    poller.remove(crowd[1]->end.get(), *crowd[1]);
    crowd[1].reset();
    const std::size_t until_then = count("b");
    serve(served.size() + 20);
    EXPECT_EQ(count("b"), until_then);
    EXPECT_GE(count("c"), 8U);
    EXPECT_EQ(poller.in_crowds(), 2U);
}

TEST_F(PollerTest, again_is_heard_without_an_event) {
    FakeTarget one("one", served);
    one.be_quiet();
    ASSERT_TRUE(poller.add(one.end.get(), one, EPOLLIN));
    EXPECT_FALSE(poller.wait(false));
    poller.again(one);
    ASSERT_TRUE(poller.wait(true)) << "it does not sleep on it";
    poller.serve();
    EXPECT_EQ(served, std::vector<std::string>{"one again"});
    EXPECT_FALSE(poller.wait(false));
}

TEST_F(PollerTest, again_is_forgotten_with_the_target) {
    FakeTarget one("one", served);
    one.be_quiet();
    ASSERT_TRUE(poller.add(one.end.get(), one, EPOLLIN));
    poller.again(one);
    poller.remove(one.end.get(), one);
    while (poller.wait(false))
        poller.serve();
    EXPECT_TRUE(served.empty());
}

TEST_F(PollerTest, its_sleep_ends_when_a_timer_of_the_loop_is_due) {
    boost::asio::steady_timer timer(loop, std::chrono::milliseconds(5));
    bool rung = false;
    timer.async_wait([&rung](const boost::system::error_code&) { rung = true; });
    while (!rung) {
        if (loop.poll_one() == 0) {
            EXPECT_FALSE(poller.wait(true));
        }
    }
}

TEST_F(PollerTest, its_sleep_ends_when_work_off_the_loop_is_done) {
    async::Offload workers(loop, 1);
    std::promise<void> asleep;
    bool done = false;
    async::Nursery nursery(loop.get_executor());
    const auto work = [&]() -> boost::asio::awaitable<void> {
        std::function<int()> wait_for_sleep = [sleeping = asleep.get_future().share()] {
            sleeping.wait();
            return 1;
        };
        co_await workers.run<int>(std::move(wait_for_sleep));
        done = true;
    };
    nursery.spawn("work", work());
    while (loop.poll_one() > 0) {
    }
    asleep.set_value();
    // However late it sleeps: whoever posts wakes it.
    while (!done) {
        if (loop.poll_one() == 0) {
            EXPECT_FALSE(poller.wait(true));
        }
    }
}

}  // namespace
}  // namespace tokenbroker::api
