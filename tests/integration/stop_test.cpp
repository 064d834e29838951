#include "integration/world.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <thread>

namespace tokenbroker::integration {
namespace {

TEST(Stop, under_load_every_request_that_was_received_is_answered) {
    World world;
    world.start({Account()});
    ASSERT_EQ(world.daemon.token("rossum").status, 200);

    std::atomic<bool> stopping = false;
    std::atomic<int> answered = 0;
    std::atomic<int> broken = 0;   // an answer that began and did not end, or was no 200
    std::atomic<int> refused = 0;  // never got through: closed between two requests
    std::vector<std::jthread> clients;
    for (int client = 0; client < 8; ++client) {
        clients.emplace_back([&] {
            while (!stopping) {
                try {
                    UnixConnection connection(world.daemon.socket(), 5s);
                    for (int request = 0; request < 50; ++request) {
                        connection.send(
                            "GET /v1/accounts/rossum/token HTTP/1.1\r\nHost: x\r\n\r\n");
                        const HttpAnswer answer = connection.read_answer();
                        ++(answer.status == 200 ? answered : broken);
                        if (answer.header("connection") == "close") break;
                    }
                } catch (const std::exception& failure) {
                    const std::string why = failure.what();
                    if (why.find("within an answer") != std::string::npos ||
                        why.find("in time") != std::string::npos)
                        ++broken;
                    ++refused;
                    if (!world.daemon.process().running()) return;
                }
            }
        });
    }
    ASSERT_TRUE(eventually(5s, [&] { return answered > 1000; }));
    const double start = now_seconds();
    const Exit exit = world.daemon.stop();
    EXPECT_LT(now_seconds() - start, 5.0);
    stopping = true;
    clients.clear();
    EXPECT_EQ(exit.status, 0);
    EXPECT_EQ(broken, 0);
}

TEST(Stop, a_request_sent_before_the_signal_is_answered) {
    World world;
    world.start({Account()});
    ASSERT_EQ(world.daemon.token("rossum").status, 200);
    for (int round = 0; round < 10; ++round) {
        std::vector<UnixConnection> clients;
        for (int client = 0; client < 50; ++client) {
            clients.emplace_back(world.daemon.socket());
            // Known to have been accepted, so that the request is surely received.
            clients.back().send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
            ASSERT_EQ(clients.back().read_answer().status, 200);
        }
        for (auto& client : clients)
            client.send("GET /v1/accounts/rossum/token HTTP/1.1\r\nHost: x\r\n\r\n");
        world.daemon.process().signal(SIGTERM);
        for (auto& client : clients)
            EXPECT_EQ(client.read_answer().status, 200);
        clients.clear();
        ASSERT_EQ(world.daemon.stop().status, 0);
        world.daemon.start();
    }
}

TEST(Stop, waiting_calls_get_503_with_retry_after_1) {
    World world;
    world.sandbox.fault(R"({"endpoint": "rossum.login", "do": "hang", "times": 0})");
    world.start({Account()});
    UnixConnection waits(world.daemon.socket(), 20s);
    waits.send("GET /v1/accounts/rossum/token?wait=60s HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(eventually(5s, [&] { return world.sandbox.count("rossum.login").requests == 1; }));
    const double start = now_seconds();
    world.daemon.process().signal(SIGTERM);
    const HttpAnswer answer = waits.read_answer();
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.header("retry-after"), "1");
    EXPECT_EQ(world.daemon.stop().status, 0);
    EXPECT_LT(now_seconds() - start, 5.0);
}

TEST(Stop, ends_streams_removes_the_socket_and_tells_the_supervisor) {
    World world;
    world.start({Account()});
    UnixConnection stream(world.daemon.socket());
    stream.send("GET /v1/accounts/rossum/token/events HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_EQ(stream.read_answer().status, 200);
    ASSERT_EQ(world.daemon.stop().status, 0);
    EXPECT_TRUE(stream.closes_within(1s));
    EXPECT_NE(::access(world.daemon.socket().c_str(), F_OK), 0);
    EXPECT_NE(world.daemon.notifications().find("STOPPING=1"), std::string::npos);
}

TEST(Stop, takes_five_seconds_at_most_with_clients_that_hang) {
    World world;
    world.sandbox.fault(R"({"endpoint": "rossum.login", "do": "hang", "times": 0})");
    world.start({Account()});
    std::vector<UnixConnection> hang;
    for (int client = 0; client < 20; ++client) {
        hang.emplace_back(world.daemon.socket());
        hang.back().send("GET /v1/acc");
    }
    const double start = now_seconds();
    EXPECT_EQ(world.daemon.stop().status, 0);
    EXPECT_LT(now_seconds() - start, 5.5);
}

TEST(Stop, a_second_signal_changes_nothing_for_the_worse) {
    World world;
    world.start({Account()});
    world.daemon.process().signal(SIGINT);
    world.daemon.process().signal(SIGTERM);
    EXPECT_EQ(world.daemon.stop().status, 0);
}

TEST(Stop, a_token_that_was_just_got_is_not_lost) {
    World world;
    world.sandbox.fault(R"({"endpoint": "rossum.exchange", "do": "delay", "delay": "300ms"})");
    world.start({Account{.more = "    login: on_demand"}});
    UnixConnection asks(world.daemon.socket());
    asks.send("GET /v1/accounts/rossum/token HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_EQ(asks.read_answer().status, 200);
    world.daemon.stop();
    world.daemon.start();
    EXPECT_EQ(world.daemon.token("rossum", "?wait=0s").status, 200);
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 1U);
}

TEST(Start, a_broken_configuration_exits_78_with_every_mistake) {
    World world;
    world.daemon.configure(
        "accounts:\n  a:\n    recipe: rosum\n    base_url: http://x\n    colour: red\n  B: {}\n");
    const Ran ran =
        support::run({support::daemon_program(), "--config", world.daemon.config_file()});
    EXPECT_EQ(ran.exit.status, 78);
    for (const char* mistake : {":6:", ":7:", ":8:", ":9:", "rossum"}) {
        EXPECT_NE(ran.errors.find(mistake), std::string::npos) << mistake << "\n" << ran.errors;
    }
    const Ran check = support::run(
        {support::daemon_program(), "--check", "--config", world.daemon.config_file()});
    EXPECT_EQ(check.exit.status, 1);
    EXPECT_EQ(support::run({support::daemon_program(), "--nonsense"}).exit.status, 2);
}

TEST(Start, a_socket_of_a_dead_daemon_is_replaced_and_of_a_live_one_is_not) {
    World world;
    world.start({Account()});
    world.daemon.kill();
    ASSERT_EQ(::access(world.daemon.socket().c_str(), F_OK), 0);
    world.daemon.start();
    ASSERT_EQ(world.daemon.token("rossum").status, 200);

    std::string other = read_file(world.daemon.config_file());
    other.replace(other.find("directory: " + world.daemon.state_folder()),
                  11 + world.daemon.state_folder().size(),
                  "directory: " + world.folder.make_folder("other-state"));
    const std::string file = world.folder.write("other.yaml", other);
    const Ran second = support::run({support::daemon_program(), "--config", file});
    EXPECT_EQ(second.exit.status, 1) << second.errors;
    EXPECT_EQ(world.daemon.token("rossum").status, 200);
}

}  // namespace
}  // namespace tokenbroker::integration
