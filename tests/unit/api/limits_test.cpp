#include "server_fixture.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tokenbroker::api {
namespace {

using std::chrono::seconds;

Limits small_limits() {
    Limits limits;
    limits.connections = 8;
    limits.waiting = 4;
    return limits;
}

struct LimitsTest : ServerTest {
    LimitsTest() : ServerTest(small_limits()) {}
};

const std::string target = "/v1/accounts/rossum-prod/token";

std::size_t count_answers(const std::string& answers) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = answers.find("HTTP/1.1 200", at)) != std::string::npos; ++at)
        ++count;
    return count;
}

TEST_F(LimitsTest, one_connection_too_many_is_told_so) {
    start_server();
    std::vector<Client> held;
    for (int i = 0; i < 6; ++i)
        held.push_back(connect());
    clock.settle();
    EXPECT_EQ(registry.process().connections, 6U);
    Client refused = connect();
    clock.settle();
    const std::string answer = refused.receive();
    EXPECT_EQ(status_of(answer), 503U);
    EXPECT_NE(answer.find("/problems/too-many-connections"), std::string::npos);
    EXPECT_NE(answer.find("\r\nRetry-After: 1\r\n"), std::string::npos);
    EXPECT_TRUE(refused.closed());
    EXPECT_EQ(registry.process().connections_refused, 1U);
    for (Client& client : held)
        EXPECT_EQ(status_of(exchange(client, get_request("/healthz"))), 200U);
    held.pop_back();
    clock.advance(seconds(2));
    EXPECT_EQ(status_of(get("/healthz")), 200U);
}

TEST_F(LimitsTest, a_flood_of_connections_is_turned_away_without_end) {
    start_server();
    std::vector<Client> held;
    for (int i = 0; i < 100; ++i)
        held.push_back(connect());
    clock.settle();
    EXPECT_LE(registry.process().connections, 6U + 16U);
    EXPECT_EQ(registry.process().connections_refused, 94U);
    held.clear();
    clock.advance(seconds(2));
    EXPECT_EQ(registry.process().connections, 0U);
    EXPECT_EQ(status_of(get("/healthz")), 200U);
}

TEST_F(LimitsTest, one_waiting_call_too_many_is_told_so) {
    Limits more = limits;
    more.connections = 100;
    start_server();
    server->set_limits(more);
    std::vector<Client> waiting;
    for (int i = 0; i < 3; ++i) {
        waiting.push_back(connect());
        EXPECT_EQ(exchange(waiting.back(), get_request(target + "?wait=60s")), "");
    }
    const std::string answer = get(target);
    EXPECT_EQ(status_of(answer), 503U) << "three quarters of four";
    EXPECT_NE(answer.find("/problems/too-many-waiting"), std::string::npos);
    EXPECT_NE(answer.find("\r\nRetry-After: "), std::string::npos);
    broker.add("other")->set_allow({allow_any()});
    EXPECT_EQ(get("/v1/accounts/other/token"), "") << "another account has its own places";
    waiting.pop_back();
    clock.settle();
    EXPECT_EQ(get(target), "");
    account->publish(7, "tok-1");
    clock.settle();
    for (Client& client : waiting)
        EXPECT_EQ(status_of(client.receive()), 200U);
}

TEST_F(LimitsTest, configured_sizes_hold) {
    limits.head = 256;
    limits.body = 32;
    start_server();
    EXPECT_EQ(status_of(get("/healthz", "A: " + std::string(250, 'a') + "\r\n")), 431U);
    EXPECT_EQ(status_of(get("/healthz", "A: " + std::string(150, 'a') + "\r\n")), 200U);
    EXPECT_EQ(status_of(post(target + "/rejected", std::string(33, ' '))), 413U);
    EXPECT_EQ(status_of(post(target + "/rejected", std::string(32, ' '))), 400U);
}

// In a process of its own, so that nothing else runs out of descriptors.
int in_child(const std::function<int()>& story) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(story());
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

TEST_F(LimitsTest, running_out_of_descriptors_delays_new_connections_and_ends_nothing) {
    account->publish(7, "tok-1");
    start_server();
    const auto story = [this] {
        Client old = connect();
        if (status_of(exchange(old, get_request(target))) != 200) return 1;
        Client late = connect();  // in the backlog: the loop has not run
        std::vector<int> hoard;
        int fd = 0;
        while ((fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
            hoard.push_back(fd);
        late.send(get_request(target));
        clock.settle();
        if (!late.receive().empty()) return 2;
        if (registry.process().accept_failures != 1) return 3;
        if (status_of(exchange(old, get_request(target))) != 200) return 4;
        clock.advance(Milliseconds(450));
        // Tried again every 100 ms, not in a busy loop.
        if (registry.process().accept_failures != 5) return 5;
        if (log.count("accept_paused") != 1) return 6;
        for (const int hoarded : hoard)
            ::close(hoarded);
        clock.advance(Milliseconds(100));
        if (status_of(late.receive()) != 200) return 7;
        return status_of(exchange(old, get_request(target))) == 200 ? 0 : 8;
    };
    rlimit few{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &few), 0);
    const auto in_small_process = [&story, few]() mutable {
        few.rlim_cur = 256;
        return ::setrlimit(RLIMIT_NOFILE, &few) == 0 ? story() : 99;
    };
    EXPECT_EQ(in_child(in_small_process), 0);
}

TEST_F(LimitsTest, thousands_of_idle_connections_hold_up_nobody_and_end_in_time) {
    rlimit many{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &many), 0);
    const rlimit before = many;
    many.rlim_cur = many.rlim_max;
    // Both ends are in this process.
    const std::size_t count = std::min<std::size_t>(10'000, (many.rlim_max - 200) / 2);
    if (count < 1000 || ::setrlimit(RLIMIT_NOFILE, &many) != 0)
        GTEST_SKIP() << "too few descriptors";
    account->publish(7, "tok-1");
    limits.connections = 20'000;
    start_server();
    std::vector<Client> idle;
    for (std::size_t i = 0; i < count; ++i) {
        idle.push_back(connect());
        if (i % 256 == 0) clock.settle();
    }
    clock.settle();
    EXPECT_EQ(registry.process().connections, count);
    EXPECT_EQ(status_of(get(target)), 200U);
    clock.advance(std::chrono::minutes(6));
    EXPECT_EQ(registry.process().connections, 0U);
    idle.clear();
    ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST_F(LimitsTest, a_connection_with_requests_in_hand_is_not_idle) {
    limits.pipelined = 1;
    limits.idle = seconds(1);
    start_server();
    Client client = connect();
    exchange(client, get_request("/healthz"));
    std::string many;
    for (int i = 0; i < 150; ++i)
        many += get_request("/healthz");
    client.send(many);
    // One turn, and the time that the whole of it may take on a busy machine.
    EXPECT_TRUE(server->turn(false));
    clock.leap(seconds(3));
    const std::string answers = client.receive();
    EXPECT_EQ(count_answers(answers), 150U);
}

TEST_F(LimitsTest, more_than_is_received_at_once_is_answered_whole) {
    start_server();
    Client client = connect();
    exchange(client, get_request("/healthz"));
    std::string many;
    std::size_t sent = 0;
    for (; many.size() < std::size_t{3} * 16 * 1024; ++sent)
        many += get_request("/healthz");
    std::string answers;
    // They are more than its socket holds.
    for (std::string next = exchange(client, many); !next.empty(); next = exchange(client, ""))
        answers += next;
    EXPECT_EQ(count_answers(answers), sent);
}

TEST_F(LimitsTest, an_end_that_comes_with_the_last_request_is_not_overlooked) {
    start_server();
    Client client = connect();
    exchange(client, get_request("/healthz"));
    client.send(get_request("/healthz"));
    client.half_close();
    clock.settle();
    EXPECT_EQ(status_of(client.receive()), 200U);
    EXPECT_EQ(registry.process().connections, 0U);
}

class CrowdTest : public LimitsTest {
protected:
    [[nodiscard]] std::size_t behind() { return registry.process().connections_behind; }
    // Asks for little, a second apart; more than once, as a busy machine may make any answer slow.
    bool leaves_the_crowd(Client& client) {
        const std::size_t before = behind();
        for (int tries = 0; tries < 20 && behind() == before; ++tries) {
            clock.advance(seconds(1));
            exchange(client, get_request("/healthz"));
            exchange(client, get_request("/healthz"));
        }
        return behind() == before - 1;
    }
};

TEST_F(CrowdTest, who_pipelined_once_leaves_it_when_it_has_asked_for_little_for_a_second) {
    start_server();
    Client client = connect();
    exchange(client, get_request("/healthz") + get_request("/healthz"));
    EXPECT_EQ(behind(), 1U);
    exchange(client, get_request("/healthz"));
    EXPECT_EQ(behind(), 1U);
    EXPECT_TRUE(leaves_the_crowd(client));
}

TEST_F(CrowdTest, who_ends_is_not_in_it) {
    start_server();
    Client client = connect();
    exchange(client, get_request("/healthz") + get_request("/healthz"));
    EXPECT_EQ(behind(), 1U);
    exchange(client, get_request("/healthz", "Connection: close\r\n"));
    EXPECT_EQ(behind(), 0U);
}

TEST_F(CrowdTest, a_fifth_connection_leaves_it_when_another_one_has_closed) {
    start_server();
    std::vector<Client> first;
    for (int i = 0; i < 4; ++i)
        first.push_back(connect());
    clock.settle();
    EXPECT_EQ(behind(), 0U);
    Client fifth = connect();
    clock.settle();
    EXPECT_EQ(behind(), 1U);
    EXPECT_FALSE(leaves_the_crowd(fifth));
    first.pop_back();
    clock.settle();
    EXPECT_TRUE(leaves_the_crowd(fifth));
}

}  // namespace
}  // namespace tokenbroker::api
