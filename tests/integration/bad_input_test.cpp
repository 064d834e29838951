#include "integration/world.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <poll.h>
#include <thread>

namespace tokenbroker::integration {
namespace {

// One daemon for all: bad input is to leave it as it was.
class BadInput : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        world = std::make_unique<World>();
        world->start({Account()});
    }
    static void TearDownTestSuite() {
        EXPECT_EQ(world->daemon.token("rossum").status, 200);
        EXPECT_EQ(world->sandbox.count("rossum.login").requests, 1U);
        EXPECT_EQ(world->daemon.stop().status, 0);
        world.reset();
    }
    static HttpAnswer raw(const std::string& bytes, Wait limit = 15s) {
        UnixConnection connection(world->daemon.socket(), limit);
        connection.send(bytes);
        return connection.read_answer();
    }
    static void expect_problem(const HttpAnswer& answer, int status, const std::string& name) {
        EXPECT_EQ(answer.status, status) << answer.head << answer.body;
        EXPECT_EQ(answer.header("content-type"), "application/problem+json");
        const auto body = body_of(answer);
        EXPECT_EQ(text(body.at("type")), "/problems/" + name);
        EXPECT_EQ(body.at("status").to_number<int>(), status);
        EXPECT_FALSE(text(body.at("title")).empty());
        EXPECT_FALSE(text(body.at("detail")).empty());
        EXPECT_EQ(answer.header("cache-control"), "no-store");
    }

    static std::unique_ptr<World> world;
};
std::unique_ptr<World> BadInput::world;

constexpr const char* rest = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

TEST_F(BadInput, each_problem_of_the_table_has_its_form) {
    expect_problem(raw(std::string("GET /v1/accounts/rossum/token?wait=x") + rest), 400,
                   "bad-request");
    expect_problem(raw(std::string("GET /v1/accounts/ros%ZZum/token") + rest), 400, "bad-request");
    expect_problem(raw(std::string("GET /v1/accounts/unknown/token") + rest), 404,
                   "unknown-account");
    expect_problem(raw(std::string("GET /v2") + rest), 404, "not-found");
    const HttpAnswer wrong = raw(std::string("DELETE /v1/accounts/rossum/token") + rest);
    expect_problem(wrong, 405, "method-not-allowed");
    EXPECT_NE(wrong.header("allow").find("GET"), std::string::npos);
    expect_problem(raw("POST /v1/accounts/rossum/token/rejected HTTP/1.1\r\nHost: x\r\nConnection: "
                       "close\r\n\r\n"),
                   411, "length-required");
}

TEST_F(BadInput, an_oversized_head_or_body_is_refused) {
    expect_problem(raw("GET /healthz HTTP/1.1\r\nX-Long: " + std::string(9000, 'x') + "\r\n\r\n"),
                   431, "header-too-large");
    expect_problem(
        raw("POST /v1/accounts/rossum/token/rejected HTTP/1.1\r\nContent-Length: 20000\r\n\r\n"),
        413, "content-too-large");
    std::string chunked =
        "POST /v1/accounts/rossum/token/rejected HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int chunk = 0; chunk < 5; ++chunk)
        chunked += "1000\r\n" + std::string(4096, 'x') + "\r\n";
    expect_problem(raw(chunked + "0\r\n\r\n"), 413, "content-too-large");
}

TEST_F(BadInput, length_and_chunks_together_are_refused) {
    const HttpAnswer answer =
        raw("POST /v1/accounts/rossum/token/rejected HTTP/1.1\r\nContent-Length: "
            "5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    EXPECT_EQ(answer.status, 400);
}

TEST_F(BadInput, binary_and_half_requests_end_in_a_problem_or_a_close) {
    for (const std::string& bytes :
         {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
          std::string(3000, '\xff'), std::string(100, '\0'), std::string("GET\r\n\r\n"),
          std::string("GET / HTTP/9.9\r\n\r\n"), std::string("\r\n\r\n\r\n\r\n"),
          std::string("GET / HTTP/1.1\r\nbad header\r\n\r\n"),
          std::string("GET /\x01 HTTP/1.1\r\n\r\n")}) {
        UnixConnection connection(world->daemon.socket(), 15s);
        connection.send(bytes);
        connection.half_close();
        EXPECT_TRUE(connection.closes_within(12s)) << bytes;
        EXPECT_EQ(world->daemon.get("/healthz").status, 200);
    }
}

TEST_F(BadInput, a_head_that_comes_slowly_is_given_up_after_ten_seconds) {
    UnixConnection slow(world->daemon.socket(), 20s);
    const double start = now_seconds();
    std::size_t sent = 0;
    const std::string request = "GET /healthz HTTP/1.1\r\nHost: " + std::string(100, 'x');
    const bool ended = eventually(15s, [&] {
        if (now_seconds() - start > static_cast<double>(sent))
            slow.send_some(request.substr(sent++, 1));
        pollfd ready{slow.descriptor(), POLLIN, 0};
        return ::poll(&ready, 1, 0) > 0;
    });
    ASSERT_TRUE(ended);
    EXPECT_NEAR(now_seconds() - start, 10, 2);
    expect_problem(slow.read_answer(), 408, "request-timeout");
}

TEST_F(BadInput, a_half_closed_peer_gets_its_answer) {
    UnixConnection connection(world->daemon.socket());
    connection.send("GET /v1/accounts/rossum/token HTTP/1.1\r\nHost: x\r\n\r\n");
    connection.half_close();
    EXPECT_EQ(connection.read_answer().status, 200);
    EXPECT_TRUE(connection.closes_within(2s));
}

TEST_F(BadInput, a_thousand_pipelined_requests_are_answered_in_order) {
    UnixConnection connection(world->daemon.socket(), 30s);
    std::jthread sender([&connection] {
        for (int request = 0; request < 500; ++request) {
            connection.send(
                "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/accounts/none/token "
                "HTTP/1.1\r\nHost: x\r\n\r\n");
        }
    });
    for (int request = 0; request < 500; ++request) {
        ASSERT_EQ(connection.read_answer().status, 200);
        ASSERT_EQ(connection.read_answer().status, 404);
    }
}

TEST_F(BadInput, head_and_http_1_0_are_answered) {
    UnixConnection head(world->daemon.socket());
    head.send(
        "HEAD /v1/accounts/rossum/token HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: "
        "x\r\n\r\n");
    const HttpAnswer answer = head.read_answer(true);
    EXPECT_EQ(answer.status, 200);
    EXPECT_GT(std::stoi(answer.header("content-length")), 100);
    EXPECT_EQ(head.read_answer().body.substr(0, 2), "ok");

    UnixConnection old(world->daemon.socket());
    old.send("GET /healthz HTTP/1.0\r\n\r\n");
    EXPECT_EQ(old.read_answer().status, 200);
    EXPECT_TRUE(old.closes_within(2s));
}

TEST_F(BadInput, expect_100_continue_is_not_left_hanging) {
    const std::string body = R"({"generation": 1})";
    const HttpAnswer answer =
        raw("POST /v1/accounts/rossum/token/rejected HTTP/1.1\r\nHost: x\r\nExpect: "
            "100-continue\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + body);
    EXPECT_TRUE(answer.status == 100 || answer.status == 200) << answer.status;
}

TEST_F(BadInput, chunked_bodies_are_taken_within_the_limit) {
    const HttpAnswer answer =
        raw("POST /v1/accounts/rossum/token/rejected HTTP/1.1\r\nTransfer-Encoding: "
            "chunked\r\nConnection: close\r\n\r\n"
            "9\r\n{\"generat\r\n8\r\nion\": 1}\r\n0\r\n\r\n");
    EXPECT_EQ(answer.status, 200) << answer.body;
}

}  // namespace
}  // namespace tokenbroker::integration
