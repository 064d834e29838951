#include "support/stub_daemon.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <future>
#include <string>
#include <tokenbroker/client.hpp>
#include <tokenbroker/detail/wire.hpp>

namespace tokenbroker::client {
namespace {

using namespace std::chrono_literals;
using support::http_answer;
using support::StubDaemon;
using support::StubPeer;
using support::token_json;

Client client_of(const StubDaemon& daemon) {
    return Client(Options(daemon.path()));
}

TEST(Client, gets_a_token) {
    StubDaemon daemon(StubDaemon::answering({http_answer(200, token_json("a", "t0k", 7))}));
    const auto token = client_of(daemon).get("a", {90s, 2s});
    ASSERT_TRUE(token) << token.error().message;
    EXPECT_EQ(token->access_token, "t0k");
    EXPECT_EQ(token->generation, 7U);
    ASSERT_EQ(daemon.requests().size(), 1U);
    EXPECT_TRUE(daemon.requests()[0].starts_with(
        "GET /v1/accounts/a/token?min_ttl=90s&wait=2s HTTP/1.1\r\nHost: "));
}

TEST(Client, tells_of_a_rejected_token) {
    StubDaemon daemon(StubDaemon::answering({http_answer(200, token_json("a", "new", 8))}));
    const auto token = client_of(daemon).rejected("a", 7, 30s);
    ASSERT_TRUE(token);
    EXPECT_EQ(token->generation, 8U);
    const auto request = daemon.requests().at(0);
    EXPECT_TRUE(request.starts_with("POST /v1/accounts/a/token/rejected?wait=30s HTTP/1.1\r\n"))
        << request;
    EXPECT_TRUE(request.ends_with("\r\nContent-Length: 16\r\n\r\n{\"generation\":7}")) << request;
}

TEST(Client, gives_statuses_as_they_are) {
    StubDaemon daemon(StubDaemon::answering(
        {http_answer(200, R"({"accounts":[]})"), http_answer(200, R"({"account":"b"})")}));
    const Client client = client_of(daemon);
    EXPECT_EQ(*client.accounts(), R"({"accounts":[]})");
    EXPECT_EQ(*client.account("b"), R"({"account":"b"})");
}

TEST(Client, refuses_a_missing_name_without_asking) {
    StubDaemon daemon(StubDaemon::answering({http_answer(200, "{}")}));
    const Client client = client_of(daemon);
    EXPECT_EQ(client.get("").error().kind, ErrorKind::bad_request);
    EXPECT_EQ(client.rejected("", 1).error().kind, ErrorKind::bad_request);
    EXPECT_EQ(client.account("").error().kind, ErrorKind::bad_request);
    EXPECT_TRUE(daemon.requests().empty());
}

TEST(Client, gives_problems_as_errors) {
    StubDaemon daemon(StubDaemon::answering({http_answer(
        503,
        R"({"type":"/problems/token-unavailable","status":503,"detail":"the upstream is down"})",
        "Retry-After: 4\r\n")}));
    const auto token = client_of(daemon).get("a");
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().kind, ErrorKind::no_token);
    EXPECT_EQ(token.error().message, "the upstream is down");
    EXPECT_EQ(token.error().retry_after, 4s);
}

TEST(Client, takes_an_answer_in_single_bytes) {
    StubDaemon daemon([](StubPeer& peer) {
        for (const char byte : http_answer(200, token_json("a", "t", 1)))
            peer.send({&byte, 1});
    });
    EXPECT_TRUE(client_of(daemon).get("a"));
}

ErrorKind kind_for(const std::string& answer) {
    StubDaemon daemon(StubDaemon::answering({answer}));
    const auto token = client_of(daemon).get("a");
    return token ? ErrorKind{} : token.error().kind;
}

TEST(Client, tells_garbage_from_an_answer) {
    EXPECT_EQ(kind_for("SSH-2.0-OpenSSH\r\n"), ErrorKind::failed);
    EXPECT_EQ(kind_for(std::string(100'000, '\0')), ErrorKind::failed);
    EXPECT_EQ(kind_for("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x')), ErrorKind::failed);
    EXPECT_EQ(kind_for(http_answer(200, "<html>")), ErrorKind::failed);
    EXPECT_EQ(kind_for(http_answer(200, "")), ErrorKind::failed);
}

TEST(Client, tells_a_daemon_that_hangs_up_early) {
    EXPECT_EQ(kind_for(""), ErrorKind::unreachable);
    EXPECT_EQ(kind_for("HTTP/1.1 200 OK\r\nContent-"), ErrorKind::unreachable);
    EXPECT_EQ(kind_for("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"), ErrorKind::unreachable);
}

TEST(Client, gives_a_silent_daemon_its_time_and_no_more) {
    StubDaemon daemon([](StubPeer& peer) {
        peer.send("HTTP/1.1 200 OK\r\n");
        peer.wait_for_close();
    });
    Options options(daemon.path());
    options.answer_timeout = 60ms;
    const auto begin = std::chrono::steady_clock::now();
    const auto token = Client(options).get("a", {0s, 40ms});
    const auto took = std::chrono::steady_clock::now() - begin;
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().kind, ErrorKind::unreachable);
    EXPECT_NE(token.error().message.find("did not answer in time"), std::string::npos);
    EXPECT_GE(took, 100ms);
    EXPECT_LT(took, 5s);
}

TEST(Client, holds_a_dripping_daemon_to_one_deadline) {
    StubDaemon daemon([](StubPeer& peer) {
        // 1 MiB of head in pieces would keep a deadline for each read from ever passing; the head's
        // limit ends it too.
        peer.send("HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < 100'000; ++i)
            peer.send("X");
        peer.wait_for_close();
    });
    Options options(daemon.path());
    options.answer_timeout = 10s;
    EXPECT_EQ(Client(options).get("a").error().kind, ErrorKind::failed);
}

TEST(Client, names_a_socket_that_is_not_there) {
    const auto token = Client(Options("/nonexistent/tokenbroker.sock")).get("a");
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().kind, ErrorKind::unreachable);
    EXPECT_NE(token.error().message.find("/nonexistent/tokenbroker.sock"), std::string::npos);
}

TEST(Client, tells_a_socket_that_nobody_serves) {
    std::string folder;
    {
        const StubDaemon daemon(StubDaemon::answering({""}));
        folder = daemon.path() + "-dead";
        std::filesystem::create_hard_link(daemon.path(), "/tmp/stub-dead.sock");
    }
    const auto token = Client(Options("/tmp/stub-dead.sock")).get("a");
    std::filesystem::remove("/tmp/stub-dead.sock");
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().kind, ErrorKind::unreachable);
    EXPECT_NE(token.error().message.find("not running"), std::string::npos);
}

TEST(Client, refuses_a_path_that_no_socket_can_have) {
    const auto token = Client(Options("/" + std::string(108, 'x'))).get("a");
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().kind, ErrorKind::unreachable);
    EXPECT_NE(token.error().message.find("longer"), std::string::npos);
}

TEST(Client, takes_its_socket_from_the_environment) {
    setenv("TOKENBROKER_SOCKET", "/tmp/from-environment", 1);
    EXPECT_EQ(Client().options().socket, "/tmp/from-environment");
    setenv("TOKENBROKER_SOCKET", "", 1);
    EXPECT_EQ(default_socket(), "/run/tokenbroker/tokenbroker.sock");
    unsetenv("TOKENBROKER_SOCKET");
    EXPECT_EQ(default_socket(), "/run/tokenbroker/tokenbroker.sock");
    EXPECT_EQ(Client(Options("/x")).options().socket, "/x");
}

// A descriptor that fills the backlog of a daemon that does not accept.
class Filler {
public:
    explicit Filler(const std::string& path) {
        for (auto& descriptor : descriptors_) {
            descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
            last_ = detail::try_connect(descriptor, path);
        }
    }
    ~Filler() { release(); }
    Filler(const Filler&) = delete;
    Filler& operator=(const Filler&) = delete;
    void release() {
        for (auto& descriptor : descriptors_) {
            if (descriptor >= 0) close(descriptor);
            descriptor = -1;
        }
    }
    [[nodiscard]] int last() const { return last_; }

private:
    int descriptors_[3] = {-1, -1, -1};
    int last_ = 0;
};

TEST(Client, asks_a_full_backlog_again_until_its_deadline) {
    const StubDaemon daemon(StubDaemon::answering({""}), 0, false);
    const Filler filler(daemon.path());
    ASSERT_EQ(filler.last(), EAGAIN);
    Options options(daemon.path());
    options.connect_timeout = 80ms;
    const auto begin = std::chrono::steady_clock::now();
    const auto token = Client(options).get("a");
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().kind, ErrorKind::unreachable);
    EXPECT_NE(token.error().message.find("took no connection in time"), std::string::npos);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 80ms);
}

TEST(Client, is_served_once_a_full_backlog_empties) {
    StubDaemon daemon(StubDaemon::answering({http_answer(200, token_json("a", "t", 1))}), 0, false);
    Filler filler(daemon.path());
    ASSERT_EQ(filler.last(), EAGAIN);
    std::promise<void> begun;
    auto token = std::async(std::launch::async, [&] {
        begun.set_value();
        return client_of(daemon).get("a");
    });
    begun.get_future().wait();
    filler.release();
    daemon.open();
    EXPECT_TRUE(token.get());
}

TEST(Client, may_be_used_by_several_threads_at_once) {
    StubDaemon daemon(StubDaemon::answering({http_answer(200, token_json("a", "t", 1))}));
    const Client client = client_of(daemon);
    std::vector<std::future<bool>> calls;
    for (int i = 0; i < 8; ++i) {
        calls.push_back(
            std::async(std::launch::async, [&client] { return client.get("a").has_value(); }));
    }
    for (auto& call : calls)
        EXPECT_TRUE(call.get());
}

}  // namespace
}  // namespace tokenbroker::client
