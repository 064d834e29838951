#include "api/poller.hpp"

#include "async/nursery.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace tokenbroker::api {
namespace {

// One end of a pair of sockets, whose other end has always something to say.
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
    void on_ready(std::uint32_t) override {
        served_.push_back(name);
        if (when_served) when_served();
    }
    void on_again() override { served_.push_back(name + " again"); }
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
    ~PollerTest() override {
        poller.stop();
        loop.restart();
        loop.run();
    }
    void start() {
        nursery.spawn("poller", poller.run([] {}, [] {}));
    }
    // Until so much was served.
    void serve(std::size_t times) {
        while (served.size() < times) {
            loop.restart();
            ASSERT_GT(loop.run_one_for(std::chrono::seconds(5)), 0U);
        }
    }
    [[nodiscard]] std::size_t count(const std::string& name) const {
        return static_cast<std::size_t>(std::count(served.begin(), served.end(), name));
    }

    boost::asio::io_context loop{1};
    std::vector<std::string> served;
    Poller poller{loop.get_executor()};
    async::Nursery nursery{loop.get_executor()};
};

// Longer than a turn of the crowd: so each step of the crowd is the last before the others.
void take_long() {
    const auto until = std::chrono::steady_clock::now() + 2 * turn_of_the_crowd;
    while (std::chrono::steady_clock::now() < until) {
    }
}

TEST_F(PollerTest, the_crowd_is_served_between_two_looks_at_the_others) {
    FakeTarget decent("decent", served);
    std::vector<std::unique_ptr<FakeTarget>> crowd;
    for (int i = 0; i < 10; ++i) {
        crowd.push_back(std::make_unique<FakeTarget>("crowd", served));
        crowd.back()->when_served = take_long;
        ASSERT_TRUE(poller.add_to_crowd(crowd.back()->end.get(), *crowd.back(), EPOLLIN, 1000));
    }
    ASSERT_TRUE(poller.add(decent.end.get(), decent, EPOLLIN));
    start();
    serve(40);
    for (std::size_t i = 0; i + 1 < served.size(); ++i) {
        EXPECT_FALSE(served[i] == "crowd" && served[i + 1] == "crowd") << "at step " << i;
    }
    EXPECT_GE(count("crowd"), 10U) << "nor does it starve";
}

TEST_F(PollerTest, each_user_has_a_crowd_of_its_own_and_they_take_turns) {
    std::vector<std::unique_ptr<FakeTarget>> many;
    for (int i = 0; i < 200; ++i) {
        many.push_back(std::make_unique<FakeTarget>("many", served));
        many.back()->when_served = take_long;
        ASSERT_TRUE(poller.add_to_crowd(many.back()->end.get(), *many.back(), EPOLLIN, 1000));
    }
    FakeTarget one("one", served);
    ASSERT_TRUE(poller.add_to_crowd(one.end.get(), one, EPOLLIN, 1001));
    start();
    serve(100);
    EXPECT_GE(count("one"), served.size() / 4) << "with one of 201 connections";
}

TEST_F(PollerTest, who_goes_into_the_crowd_and_comes_back_is_served_on) {
    FakeTarget one("one", served);
    ASSERT_TRUE(poller.add(one.end.get(), one, EPOLLIN));
    start();
    serve(1);
    ASSERT_TRUE(poller.move_to_crowd(one.end.get(), one, EPOLLIN, 1000));
    EXPECT_TRUE(one.in_crowd());
    serve(served.size() + 3);
    ASSERT_TRUE(poller.move_to_front(one.end.get(), one, EPOLLIN));
    EXPECT_FALSE(one.in_crowd());
    serve(served.size() + 3);
    ASSERT_TRUE(poller.move_to_crowd(one.end.get(), one, EPOLLIN, 1000));
    serve(served.size() + 3);
}

TEST_F(PollerTest, who_is_removed_while_it_waits_in_the_crowd_is_not_served) {
    std::vector<std::unique_ptr<FakeTarget>> crowd;
    for (const char* name : {"a", "b", "c"}) {
        crowd.push_back(std::make_unique<FakeTarget>(name, served));
        crowd.back()->when_served = take_long;
        ASSERT_TRUE(poller.add_to_crowd(crowd.back()->end.get(), *crowd.back(), EPOLLIN, 1000));
    }
    start();
    serve(1);
    // All three were called up for the second time, and one of them was served.
    ASSERT_EQ(served, (std::vector<std::string>{"a", "b", "c", "a"}));
    poller.remove(crowd[1]->end.get(), *crowd[1]);
    crowd[1].reset();
    serve(20);
    EXPECT_EQ(count("b"), 1U);
    EXPECT_GE(count("c"), 8U);
}

TEST_F(PollerTest, again_from_outside_a_turn_is_heard) {
    FakeTarget one("one", served);
    one.be_quiet();
    ASSERT_TRUE(poller.add(one.end.get(), one, EPOLLIN));
    start();
    loop.poll();
    EXPECT_TRUE(served.empty());
    poller.again(one);
    serve(1);
    EXPECT_EQ(served, std::vector<std::string>{"one again"});
}

TEST_F(PollerTest, again_is_forgotten_with_the_target) {
    FakeTarget one("one", served);
    one.be_quiet();
    ASSERT_TRUE(poller.add(one.end.get(), one, EPOLLIN));
    start();
    loop.poll();
    poller.again(one);
    poller.remove(one.end.get(), one);
    loop.restart();
    loop.poll();
    EXPECT_TRUE(served.empty());
}

}  // namespace
}  // namespace tokenbroker::api
