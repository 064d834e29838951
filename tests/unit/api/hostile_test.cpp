#include "server_fixture.hpp"

#include <csignal>
#include <random>
#include <sys/wait.h>
#include <unistd.h>

// Bytes that no decent client sends. Each ends in a problem or a close; other peers notice nothing.
namespace tokenbroker::api {
namespace {

using std::chrono::seconds;
using HostileTest = ServerTest;

const std::string target = "/v1/accounts/rossum-prod/token";
const std::string rejected = "POST /v1/accounts/rossum-prod/token/rejected HTTP/1.1\r\n";

TEST_F(HostileTest, each_kind_of_bad_input_has_its_answer_and_is_the_last) {
    struct Row {
        const char* what;
        std::string bytes;
        unsigned status;
        const char* type;
    };
    const std::vector<Row> table{
        {"TLS hello", "\x16\x03\x01\x02", 400, "bad-request"},
        {"binary", std::string("\x00\xFF\x00\xFF", 4), 400, "bad-request"},
        {"bare LF", "GET / HTTP/1.1\n\n", 400, "bad-request"},
        {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "bad-request"},
        {"both lengths",
         rejected + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
         "bad-request"},
        {"bad chunk", rejected + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "bad-request"},
        {"large body", rejected + "Content-Length: 16385\r\n\r\n", 413, "content-too-large"},
        {"huge body", rejected + "Content-Length: 18446744073709551615\r\n\r\n", 413,
         "content-too-large"},
        {"large chunk", rejected + "Transfer-Encoding: chunked\r\n\r\n4001\r\n", 413,
         "content-too-large"},
        {"large body of a GET", "GET /healthz HTTP/1.1\r\nContent-Length: 99999\r\n\r\n", 413,
         "content-too-large"},
        {"long head", "GET / HTTP/1.1\r\nA: " + std::string(9000, 'a'), 431, "header-too-large"},
        {"long whole head", "GET / HTTP/1.1\r\nA: " + std::string(9000, 'a') + "\r\n\r\n", 431,
         "header-too-large"},
        {"long path", "GET /" + std::string(9000, 'a'), 431, "header-too-large"},
        {"many headers",
         "GET / HTTP/1.1\r\n" +
             [] {
                 std::string all;
                 for (int i = 0; i < 3000; ++i)
                     all += "a:b\r\n";
                 return all;
             }(),
         431, "header-too-large"},
    };
    start_server();
    for (const Row& row : table) {
        Client client = connect();
        const std::string answer = exchange(client, row.bytes);
        EXPECT_EQ(status_of(answer), row.status) << row.what << ": " << answer;
        EXPECT_NE(answer.find(std::string("/problems/") + row.type), std::string::npos) << row.what;
        EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos) << row.what;
        clock.settle();
        EXPECT_TRUE(client.closed()) << row.what;
        EXPECT_EQ(answer.find("HTTP/1.1 4", 1), std::string::npos) << row.what << ": one answer";
    }
    clock.advance(seconds(2));
    EXPECT_EQ(registry.process().connections, 0U);
}

TEST_F(HostileTest, a_head_in_single_bytes_is_understood) {
    account->publish(7, "tok-1");
    start_server();
    Client client = connect();
    const std::string request = get_request(target);
    for (std::size_t i = 0; i + 1 < request.size(); ++i) {
        ASSERT_EQ(exchange(client, request.substr(i, 1)), "") << i;
    }
    EXPECT_EQ(status_of(exchange(client, request.substr(request.size() - 1))), 200U);
}

TEST_F(HostileTest, a_body_in_single_bytes_is_understood) {
    account->publish(7, "tok-1");
    start_server();
    Client client = connect();
    const std::string request = rejected + "Content-Length: 17\r\n\r\n{\"generation\": 6}";
    for (std::size_t i = 0; i + 1 < request.size(); ++i) {
        ASSERT_EQ(exchange(client, request.substr(i, 1)), "") << i;
    }
    EXPECT_EQ(status_of(exchange(client, request.substr(request.size() - 1))), 200U);
}

TEST_F(HostileTest, whatever_the_cut_two_requests_get_two_answers) {
    account->publish(7, "tok-1");
    start_server();
    const std::string both =
        rejected +
        "Transfer-Encoding: chunked\r\n\r\n8\r\n{\"genera\r\n8\r\ntion\":6}\r\n0\r\n\r\n\r\n" +
        get_request("/healthz");
    for (std::size_t cut = 1; cut < both.size(); ++cut) {
        Client client = connect();
        std::string answers = exchange(client, both.substr(0, cut));
        answers += exchange(client, both.substr(cut));
        EXPECT_EQ(status_of(answers), 200U) << cut;
        EXPECT_EQ(answers.substr(answers.size() - 6), "\r\n\r\nok") << cut;
    }
}

TEST_F(HostileTest, expect_100_continue_is_answered_before_the_body) {
    account->publish(7, "tok-1");
    start_server();
    Client client = connect();
    EXPECT_EQ(exchange(client, rejected + "Content-Length: 17\r\nExpect: 100-continue\r\n\r\n"),
              "HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_EQ(status_of(exchange(client, "{\"generation\": 6}")), 200U);
    Client large = connect();
    EXPECT_EQ(status_of(exchange(
                  large, rejected + "Content-Length: 99999\r\nExpect: 100-continue\r\n\r\n")),
              413U);
    Client eager = connect();
    EXPECT_EQ(
        status_of(exchange(eager, rejected + "Content-Length: 17\r\nExpect: 100-continue\r\n\r\n"
                                             "{\"generation\": 6}")),
        200U)
        << "no need to ask for what is there";
}

TEST_F(HostileTest, http_1_0_is_answered_and_closed) {
    account->publish(7, "tok-1");
    start_server();
    Client client = connect();
    const std::string answer =
        exchange(client, "GET " + target + " HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(status_of(answer), 200U);
    EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos);
    EXPECT_TRUE(client.closed());
}

TEST_F(HostileTest, a_slow_head_is_told_so_after_ten_seconds) {
    start_server();
    Client client = connect();
    exchange(client, "GET /healthz HTT");
    for (int i = 0; i < 9; ++i) {
        clock.advance(seconds(1));
        ASSERT_EQ(exchange(client, i == 0 ? "P/1.1\r\nA: " : "a"), "") << i;
    }
    clock.advance(seconds(2));
    const std::string answer = client.receive();
    EXPECT_EQ(status_of(answer), 408U) << "single bytes do not put it off";
    EXPECT_TRUE(client.closed());
}

TEST_F(HostileTest, a_slow_body_is_told_so_after_ten_seconds) {
    start_server();
    Client client = connect();
    exchange(client, rejected + "Content-Length: 100\r\n\r\n");
    for (int i = 0; i < 9; ++i) {
        clock.advance(seconds(1));
        ASSERT_EQ(exchange(client, "a"), "");
    }
    clock.advance(seconds(2));
    EXPECT_EQ(status_of(client.receive()), 408U);
}

TEST_F(HostileTest, an_idle_connection_is_closed_after_five_minutes) {
    start_server();
    Client used = connect();
    exchange(used, get_request("/healthz"));
    Client mute = connect();
    clock.advance(seconds(290));
    EXPECT_EQ(status_of(exchange(used, get_request("/healthz"))), 200U);
    clock.advance(seconds(12));
    EXPECT_TRUE(mute.closed());
    EXPECT_FALSE(used.closed()) << "it was used meanwhile";
    clock.advance(seconds(290));
    EXPECT_TRUE(used.closed());
    EXPECT_EQ(clock.sleepers(), 0U) << "without connections nothing ticks";
}

TEST_F(HostileTest, answers_that_nobody_reads_end_the_connection_and_are_bounded) {
    account->publish(7, std::string(4000, 'x'));
    start_server();
    Client client = connect();
    const std::string request = get_request(target);
    std::size_t sent = 0;
    // As long as the server takes them: it stops reading when its answers pile up.
    while (client.send(request)) {
        ++sent;
        clock.settle();
        ASSERT_LT(sent, 20'000U);
    }
    EXPECT_EQ(status_of(get("/healthz")), 200U);
    clock.advance(seconds(12));
    EXPECT_EQ(registry.process().connections, 0U);
}

TEST_F(HostileTest, a_reader_that_is_slow_gets_every_answer) {
    account->publish(7, std::string(4000, 'x'));
    start_server();
    Client client = connect();
    std::string requests;
    for (int i = 0; i < 400; ++i)
        requests += get_request(target);
    std::size_t at = 0;
    std::string answers;
    while (at < requests.size()) {
        const std::string piece = requests.substr(at, 1000);
        if (client.send(piece)) at += piece.size();
        clock.settle();
        if (at % 5000 == 0) answers += client.receive();
    }
    for (int i = 0; i < 400; ++i) {
        clock.settle();
        answers += client.receive();
    }
    std::size_t count = 0;
    for (std::size_t found = answers.find("HTTP/1.1 200"); found != std::string::npos;
         found = answers.find("HTTP/1.1 200", found + 1)) {
        ++count;
    }
    EXPECT_EQ(count, 400U);
}

TEST_F(HostileTest, a_peer_that_is_gone_before_its_answer_harms_nobody) {
    account->publish(7, "tok-1");
    start_server();
    for (int i = 0; i < 50; ++i) {
        Client client = connect();
        client.send(get_request(target) + get_request(target));
    }
    clock.settle();
    EXPECT_EQ(registry.process().connections, 0U);
    EXPECT_EQ(status_of(get(target)), 200U);
}

TEST_F(HostileTest, a_peer_that_keeps_sending_after_a_refusal_is_cut_off) {
    start_server();
    Client client = connect();
    exchange(client, rejected + "Content-Length: 99999\r\n\r\n");
    for (int i = 0; i < 20; ++i) {
        client.send(std::string(2000, 'a'));
        clock.settle();
    }
    clock.advance(seconds(2));
    EXPECT_EQ(registry.process().connections, 0U);
    EXPECT_FALSE(client.send("a"));
}

// Random damage to whole conversations: whatever comes, the server stays up, and others are served.
TEST_F(HostileTest, survives_mutated_conversations) {
    account->publish(7, "tok-1");
    start_server();
    const std::string seed =
        get_request(target, "Accept: text/plain\r\nIf-None-Match: \"1\"\r\n") + rejected +
        "Content-Length: 17\r\n\r\n{\"generation\": 6}" + rejected +
        "Transfer-Encoding: chunked\r\n\r\n11\r\n{\"generation\": 6}\r\n0\r\n\r\n" +
        get_request("/v1/accounts/rossum-prod/token/events");
    std::mt19937 random(42);
    for (int round = 0; round < 1500; ++round) {
        std::string bytes = seed;
        for (int i = 0; i <= round % 5; ++i) {
            if (bytes.empty()) bytes = seed;
            const std::size_t at = random() % bytes.size();
            switch (random() % 4) {
                case 0:
                    bytes[at] = static_cast<char>(random() % 256);
                    break;
                case 1:
                    bytes.erase(at, 1 + random() % 8);
                    break;
                case 2:
                    bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 40));
                    break;
                default:
                    bytes.resize(at + 1);
                    break;
            }
        }
        if (bytes.empty()) continue;
        Client client = connect();
        const std::size_t cut = random() % bytes.size();
        exchange(client, bytes.substr(0, cut));
        exchange(client, bytes.substr(cut));
    }
    clock.advance(seconds(20));
    EXPECT_EQ(registry.process().connections, 0U);
    EXPECT_EQ(status_of(get(target)), 200U);
}

// A child has a copy of every descriptor until it runs its program, however they are marked.
TEST_F(HostileTest,
       events_of_a_connection_that_a_child_has_a_copy_of_reach_nobody_when_it_has_ended) {
    start_server();
    const std::size_t watched = watched_descriptors();
    auto old = std::make_unique<Client>(socket_path());
    exchange(*old, get_request("/healthz"));
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        ::close(old->fd());  // of the server's end alone it has a copy
        ::raise(SIGSTOP);
        ::_exit(0);
    }
    ::waitpid(child, nullptr, WUNTRACED);
    exchange(*old, get_request("/healthz", "Connection: close\r\n"));
    EXPECT_EQ(registry.process().connections, 0U);
    EXPECT_EQ(watched_descriptors(), watched + 1) << "the kernel still watches it";
    Client next = connect();
    exchange(next, get_request(target + "?wait=60s"));
    EXPECT_EQ(registry.process().waiting_calls, 1U);
    old.reset();
    clock.settle();
    EXPECT_EQ(registry.process().waiting_calls, 1U);
    account->publish(7, "tok-1");
    clock.settle();
    EXPECT_EQ(status_of(next.receive()), 200U);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_EQ(watched_descriptors(), watched + 1) << "the next one alone";
}

}  // namespace
}  // namespace tokenbroker::api
