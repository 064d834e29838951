#include "server_fixture.hpp"

namespace tokenbroker::api {
namespace {

using std::chrono::seconds;
using EventsTest = ServerTest;

const std::string target = "/v1/accounts/rossum-prod/token/events";
const std::string head =
    "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 00:00:00 GMT\r\nConnection: close\r\n"
    "Content-Type: text/event-stream\r\nCache-Control: no-store\r\n\r\n";

std::string token_event(std::uint64_t generation, const std::string& json) {
    return "event: token\nid: " + std::to_string(generation) + "\ndata: " + json + "\n\n";
}

TEST_F(EventsTest, begin_with_the_token_now_and_follow_each_new_one) {
    account->publish(7, "tok-1");
    start_server();
    const std::string first = body_of(get("/v1/accounts/rossum-prod/token"));
    Client client = connect();
    EXPECT_EQ(exchange(client, get_request(target)), head + token_event(7, first));
    EXPECT_EQ(registry.process().streams, 1U);
    account->publish(8, "tok-2");
    clock.settle();
    const std::string second = body_of(get("/v1/accounts/rossum-prod/token"));
    EXPECT_EQ(client.receive(), token_event(8, second));
    EXPECT_FALSE(client.closed());
}

TEST_F(EventsTest, begin_with_the_problem_where_there_is_no_token) {
    start_server();
    Client client = connect();
    const std::string answer = exchange(client, get_request(target));
    EXPECT_EQ(
        answer.find(head + "event: unavailable\ndata: {\"type\":\"/problems/token-unavailable\""),
        0U)
        << answer;
    EXPECT_EQ(answer.substr(answer.size() - 3), "}\n\n");
    account->publish(7, "tok-1");
    clock.settle();
    EXPECT_EQ(client.receive().find("event: token\nid: 7\n"), 0U);
}

TEST_F(EventsTest, tell_a_loss_once_and_the_next_token) {
    account->publish(7, "tok-1");
    start_server();
    Client client = connect();
    exchange(client, get_request(target));
    account->lose();
    clock.settle();
    EXPECT_EQ(client.receive().find("event: unavailable\ndata: {"), 0U);
    account->lose();
    clock.settle();
    EXPECT_EQ(client.receive(), "") << "it is still unavailable";
    account->publish(8, "tok-2");
    clock.settle();
    EXPECT_EQ(client.receive().find("event: token\nid: 8\n"), 0U);
}

TEST_F(EventsTest, last_event_id_of_the_current_token_suppresses_the_first) {
    account->publish(7, "tok-1");
    start_server();
    Client known = connect();
    EXPECT_EQ(exchange(known, get_request(target, "Last-Event-ID: 7\r\n")), head);
    Client older = connect();
    EXPECT_NE(exchange(older, get_request(target, "Last-Event-ID: 6\r\n")), head);
    Client other = connect();
    EXPECT_NE(exchange(other, get_request(target, "Last-Event-ID: x7\r\n")), head);
    account->publish(8, "tok-2");
    clock.settle();
    EXPECT_EQ(known.receive().find("event: token\nid: 8\n"), 0U);
}

TEST_F(EventsTest, have_a_comment_line_every_15_seconds) {
    account->publish(7, "tok-1");
    start_server();
    Client client = connect();
    exchange(client, get_request(target));
    clock.advance(seconds(14));
    EXPECT_EQ(client.receive(), "");
    clock.advance(seconds(2));
    EXPECT_EQ(client.receive(), ":\n\n");
    clock.advance(seconds(60));
    EXPECT_EQ(client.receive(), ":\n\n:\n\n:\n\n:\n\n");
}

TEST_F(EventsTest, end_with_the_problem_where_access_is_lost) {
    account->publish(7, "tok-1");
    start_server();
    Client client = connect();
    exchange(client, get_request(target));
    account->set_allow({});
    clock.advance(seconds(1));
    const std::string last = client.receive();
    EXPECT_EQ(last.find("event: unavailable\ndata: {\"type\":\"/problems/access-denied\""), 0U)
        << last;
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(registry.process().streams, 0U);
}

TEST_F(EventsTest, give_no_token_to_who_lost_access_before_it) {
    account->publish(7, "tok-1");
    start_server();
    Client client = connect();
    exchange(client, get_request(target));
    account->set_allow({});
    account->publish(8, "tok-2");
    clock.settle();
    EXPECT_EQ(client.receive().find("tok-2"), std::string::npos);
    EXPECT_TRUE(client.closed());
}

TEST_F(EventsTest, end_where_the_account_is_removed) {
    account->publish(7, "tok-1");
    start_server();
    Client client = connect();
    exchange(client, get_request(target));
    broker.remove("rossum-prod");
    clock.settle();
    EXPECT_NE(
        client.receive().find("event: unavailable\ndata: {\"type\":\"/problems/unknown-account\""),
        std::string::npos);
    EXPECT_TRUE(client.closed());
}

TEST_F(EventsTest, disconnect_a_reader_that_never_reads_and_hold_up_no_other) {
    account->publish(1, std::string(4000, 'x'));
    start_server();
    Client sleeper = connect();
    Client reader = connect();
    sleeper.send(get_request(target));
    reader.send(get_request(target));
    clock.settle();
    reader.receive();
    std::uint64_t generation = 1;
    // Until its socket is full.
    for (int i = 0; i < 200; ++i) {
        account->publish(++generation, std::string(4000, 'x'));
        clock.settle();
        ASSERT_NE(reader.receive().find("id: " + std::to_string(generation)), std::string::npos);
    }
    EXPECT_EQ(registry.process().streams, 2U);
    clock.advance(seconds(12));
    EXPECT_EQ(registry.process().streams, 1U);
    account->publish(++generation, "tok");
    clock.settle();
    EXPECT_NE(reader.receive().find("id: " + std::to_string(generation)), std::string::npos);
    EXPECT_TRUE(sleeper.closed());
}

TEST_F(EventsTest, may_be_read_slowly) {
    account->publish(1, std::string(4000, 'x'));
    start_server();
    Client client = connect();
    client.send(get_request(target));
    clock.settle();
    std::uint64_t generation = 1;
    for (int i = 0; i < 200; ++i) {
        account->publish(++generation, std::string(4000, 'x'));
        clock.settle();
    }
    std::string all;
    for (int i = 0; i < 50; ++i) {
        all += client.receive();
        clock.settle();
    }
    for (std::uint64_t id = 1; id <= generation; ++id) {
        ASSERT_NE(all.find("\nid: " + std::to_string(id) + "\n"), std::string::npos) << id;
    }
    clock.advance(seconds(30));
    EXPECT_FALSE(client.closed()) << "it has caught up";
}

TEST_F(EventsTest, of_head_is_the_head_alone) {
    account->publish(7, "tok-1");
    start_server();
    Client client = connect();
    EXPECT_EQ(exchange(client, "HEAD " + target + " HTTP/1.1\r\n\r\n"), head);
    EXPECT_TRUE(client.closed());
}

TEST_F(EventsTest, many_readers_are_told_and_may_all_leave) {
    account->publish(7, "tok-1");
    start_server();
    std::vector<Client> clients;
    for (int i = 0; i < 200; ++i) {
        clients.push_back(connect());
        clients.back().send(get_request(target));
        clock.settle();
        clients.back().receive();
    }
    EXPECT_EQ(registry.process().streams, 200U);
    account->publish(8, "tok-2");
    clock.settle();
    for (Client& client : clients)
        ASSERT_EQ(client.receive().find("event: token\nid: 8\n"), 0U);
    EXPECT_EQ(registry.account(account->name())->handouts.all().at(::getuid()), 400U);
    clients.erase(clients.begin(), clients.begin() + 150);
    clock.settle();
    EXPECT_EQ(registry.process().streams, 50U);
    clients.clear();
    clock.settle();
    EXPECT_EQ(registry.process().streams, 0U);
    Client late = connect();
    EXPECT_NE(exchange(late, get_request(target)).find("id: 8"), std::string::npos)
        << "a new beginning";
    account->publish(9, "tok-3");
    clock.settle();
    EXPECT_EQ(late.receive().find("event: token\nid: 9\n"), 0U);
}

TEST_F(EventsTest, go_on_for_a_half_closed_reader) {
    account->publish(7, "tok-1");
    start_server();
    Client client = connect();
    client.send(get_request(target));
    client.half_close();
    clock.settle();
    client.receive();
    clock.advance(seconds(40));
    account->publish(8, "tok-2");
    clock.settle();
    EXPECT_NE(client.receive().find("event: token\nid: 8\n"), std::string::npos);
}

}  // namespace
}  // namespace tokenbroker::api
