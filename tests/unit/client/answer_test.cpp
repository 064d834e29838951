#include "support/stub_daemon.hpp"

#include <gtest/gtest.h>

#include <string>
#include <tokenbroker/detail/wire.hpp>

namespace tokenbroker::client::detail {
namespace {

using State = AnswerReader::State;
using support::http_answer;

struct Case {
    std::string bytes;
    int status;
    std::string body;
};

class Framing : public ::testing::TestWithParam<Case> {};

TEST_P(Framing, is_the_same_wherever_the_bytes_are_cut) {
    const auto& [bytes, status, body] = GetParam();
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        AnswerReader reader;
        reader.feed(std::string_view(bytes).substr(0, cut));
        reader.feed(std::string_view(bytes).substr(cut));
        if (reader.state() == State::body) reader.end();
        ASSERT_EQ(reader.state(), State::complete) << cut << ": " << reader.why_broken();
        EXPECT_EQ(reader.answer().status, status);
        EXPECT_EQ(reader.answer().body, body);
    }
}

TEST_P(Framing, may_come_byte_by_byte) {
    AnswerReader reader;
    for (const char byte : GetParam().bytes)
        reader.feed({&byte, 1});
    if (reader.state() == State::body) reader.end();
    ASSERT_EQ(reader.state(), State::complete);
    EXPECT_EQ(reader.answer().body, GetParam().body);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, Framing,
    ::testing::Values(
        Case{http_answer(200, "{\"a\":1}"), 200, "{\"a\":1}"},
        Case{"HTTP/1.1 200 OK\r\ncontent-LENGTH:2\r\n\r\nhiand more", 200, "hi"},
        Case{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, ""},
        Case{"HTTP/1.1 200\r\n\r\nto the end", 200, "to the end"},
        Case{"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, ""},
        Case{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 1\r\n\r\nx",
             202, "x"},
        Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: "
             "chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\n"
             "Trailer: x\r\n\r\n",
             200, "abc0123456789"}));

TEST(Answer, has_its_type_without_parameters_and_its_retry_after) {
    AnswerReader reader;
    reader.feed(
        http_answer(503, "{}", "Retry-After: 17\r\n", "Application/Problem+JSON; charset=utf-8"));
    EXPECT_EQ(reader.answer().content_type, "application/problem+json");
    EXPECT_EQ(reader.answer().retry_after, std::chrono::seconds(17));
}

class Broken : public ::testing::TestWithParam<std::string> {};

TEST_P(Broken, is_noticed) {
    AnswerReader reader;
    reader.feed(GetParam());
    EXPECT_EQ(reader.end(), State::broken);
    EXPECT_FALSE(reader.why_broken().empty());
}

INSTANTIATE_TEST_SUITE_P(
    Answers, Broken,
    ::testing::Values("", "HTTP/1.1 200 OK\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
                      std::string("\0\1\2\3", 4), "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
                      "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 999 No\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nNo colon\r\n\r\n", "HTTP/1.1 200 OK\r\n: x\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nA : x\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nA: x\r\n folded\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n",
                      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", "HTTP/1.\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nA: " + std::string(20'000, 'x') + "\r\n\r\n",
                      std::string(20'000, 'x')));

TEST(Answer, that_is_no_http_is_given_up_at_its_first_bytes) {
    AnswerReader reader;
    EXPECT_EQ(reader.feed("220 mail"), State::broken);
}

TEST(Answer, with_an_endless_head_is_given_up_at_its_limit) {
    AnswerReader reader;
    std::size_t sent = 0;
    const std::string line = "X: " + std::string(97, 'x') + "\r\n";
    reader.feed("HTTP/1.1 200 OK\r\n");
    while (reader.state() == State::head && sent < 10 * max_head) {
        reader.feed(line);
        sent += line.size();
    }
    EXPECT_EQ(reader.state(), State::broken);
    EXPECT_LE(sent, max_head + 1024);
}

TEST(Answer, with_an_endless_body_is_given_up_at_its_limit) {
    AnswerReader reader;
    reader.feed("HTTP/1.1 200 OK\r\n\r\n");
    const std::string piece(1024 * 1024, 'x');
    for (int i = 0; i < 20 && reader.state() == State::body; ++i)
        reader.feed(piece);
    EXPECT_EQ(reader.state(), State::broken);
}

}  // namespace
}  // namespace tokenbroker::client::detail
