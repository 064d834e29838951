#include "server_fixture.hpp"

#include <sys/stat.h>

namespace tokenbroker::api {
namespace {

using std::chrono::seconds;
using StopTest = ServerTest;

const std::string target = "/v1/accounts/rossum-prod/token";

TEST_F(StopTest, is_done_at_once_where_nobody_is_connected) {
    start_server();
    stop_server();
    EXPECT_TRUE(nursery.empty());
    struct stat facts {};
    EXPECT_NE(::stat(socket_path().c_str(), &facts), 0) << "the socket file is gone";
}

TEST_F(StopTest, waiting_calls_are_told_to_come_back) {
    start_server();
    Client client = connect();
    exchange(client, get_request(target + "?wait=60s"));
    stop_server();
    const std::string answer = client.receive();
    EXPECT_EQ(status_of(answer), 503U);
    EXPECT_NE(answer.find("\r\nRetry-After: 1\r\n"), std::string::npos);
    EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos);
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(account->waiting, 0U);
    EXPECT_TRUE(nursery.empty());
}

TEST_F(StopTest, streams_end) {
    account->publish(7, "tok-1");
    start_server();
    Client client = connect();
    exchange(client, get_request(target + "/events"));
    stop_server();
    EXPECT_TRUE(client.closed());
    EXPECT_TRUE(nursery.empty());
}

TEST_F(StopTest, what_was_received_whole_is_answered) {
    account->publish(7, "tok-1");
    start_server();
    Client accepted = connect();
    exchange(accepted, get_request("/healthz"));
    accepted.send(get_request(target) + get_request("/healthz") + get_request(target));
    Client in_backlog = connect();
    in_backlog.send(get_request(target));
    stop_server();
    clock.advance(Milliseconds(1));
    const std::string answers = accepted.receive();
    EXPECT_NE(answers.find("tok-1"), std::string::npos);
    EXPECT_NE(answers.find("\r\n\r\nokHTTP/1.1 200"), std::string::npos)
        << "pipelined ones too: " << answers;
    EXPECT_NE(answers.find("Connection: close"), std::string::npos);
    EXPECT_GT(answers.find("Connection: close"), answers.find("\r\n\r\nok"))
        << "only the last one says so";
    EXPECT_EQ(status_of(in_backlog.receive()), 200U);
    EXPECT_TRUE(in_backlog.closed());
    EXPECT_TRUE(nursery.empty());
}

TEST_F(StopTest, kept_connections_may_ask_once_more_for_a_second) {
    account->publish(7, "tok-1");
    start_server();
    Client client = connect();
    Client idle = connect();
    exchange(client, get_request(target));
    stop_server();
    clock.advance(Milliseconds(500));
    EXPECT_FALSE(nursery.empty());
    const std::string answer = exchange(client, get_request(target));
    EXPECT_EQ(status_of(answer), 200U);
    EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos);
    EXPECT_FALSE(idle.closed());
    clock.advance(Milliseconds(600));
    EXPECT_TRUE(idle.closed());
    EXPECT_TRUE(nursery.empty());
}

TEST_F(StopTest, nothing_new_waits) {
    start_server();
    Client client = connect();
    exchange(client, get_request("/healthz"));
    stop_server();
    const std::string answer = exchange(client, get_request(target + "?wait=60s"));
    EXPECT_EQ(status_of(answer), 503U);
    EXPECT_NE(answer.find("\r\nRetry-After: 1\r\n"), std::string::npos);
    EXPECT_EQ(account->asked, "");
}

TEST_F(StopTest, takes_no_new_connection) {
    start_server();
    Client client = connect();
    exchange(client, get_request("/healthz"));
    const std::string path = socket_path();
    stop_server();
    EXPECT_THROW(Client{path}, std::runtime_error);
}

TEST_F(StopTest, does_not_wait_for_slow_readers) {
    account->publish(7, std::string(4000, 'x'));
    start_server();
    Client client = connect();
    for (int i = 0; i < 300; ++i) {
        client.send(get_request(target));
        clock.settle();
    }
    stop_server();
    clock.advance(Milliseconds(1001));
    EXPECT_TRUE(nursery.empty());
}

TEST_F(StopTest, leaves_the_backlog_of_a_socket_that_was_handed_over) {
    UnixSocket wanted;
    wanted.path = socket_path();
    auto owner = listen_unix(wanted);
    ASSERT_TRUE(owner.has_value());
    auto listener = Listener::handed_over(::dup(owner->fd()));
    ASSERT_TRUE(listener.has_value());
    const Surroundings around{broker, administration, clock, log, registry};
    server = std::make_unique<Server>(loop.get_executor(), std::move(*listener), Listener(), around,
                                      limits);
    nursery.spawn("server", server->run());
    clock.settle();
    EXPECT_EQ(status_of(get("/healthz")), 200U);
    clock.settle();
    const std::size_t watched = watched_descriptors();
    Client late = connect();
    late.send(get_request("/healthz"));
    stop_server();
    EXPECT_TRUE(nursery.empty());
    EXPECT_EQ(late.receive(), "");
    EXPECT_FALSE(late.closed()) << "the next process answers it";
    EXPECT_EQ(watched_descriptors(), watched - 1)
        << "whoever handed it over keeps it open: it must not wake this process";
}

}  // namespace
}  // namespace tokenbroker::api
