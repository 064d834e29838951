#include "api/request.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace tokenbroker::api {
namespace {

using State = ChunkedBody::State;

struct Outcome {
    State state;
    std::string body;
    std::size_t taken;
};

Outcome feed(const std::string& bytes, std::size_t piece, std::size_t longest = 64) {
    ChunkedBody body(longest);
    std::size_t taken = 0;
    while (taken < bytes.size() && body.state() == State::more) {
        taken += body.feed(std::string_view(bytes).substr(taken, piece));
    }
    return {body.state(), body.body(), taken};
}

TEST(ChunkedBody, is_put_together_whatever_pieces_it_comes_in) {
    const std::string bytes =
        "5\r\nhello\r\n1;name=value\r\n \r\n5\r\nworld\r\n0\r\nTrailer: x\r\n\r\nGET /";
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
        const Outcome outcome = feed(bytes, piece);
        ASSERT_EQ(outcome.state, State::done) << piece;
        EXPECT_EQ(outcome.body, "hello world");
        EXPECT_EQ(bytes.substr(outcome.taken), "GET /") << "what follows is another request";
    }
}

TEST(ChunkedBody, may_be_empty) {
    EXPECT_EQ(feed("0\r\n\r\n", 1).state, State::done);
}

TEST(ChunkedBody, is_refused_where_it_is_not_strictly_chunked) {
    const std::vector<std::string> table{
        "x\r\n",
        "\r\n",
        ";a\r\n",
        "5 \r\nhello",
        "5\nhello",
        "5\r\nhelloX",
        "5\r\nhello\rX",
        "-5\r\nhello",
        "0x5\r\nhello",
        "000000005\r\nhello",
        "5;a\x01\r\nhello",
        std::string("5;\0\r\n", 5),
        "0\r\nA: b\nC: d\r\n\r\n",
        "0\r\nA: b\rC",
        "0\r\n\rX",
    };
    for (const std::string& bytes : table)
        EXPECT_EQ(feed(bytes, 3).state, State::bad) << bytes;
}

TEST(ChunkedBody, over_the_limit_is_too_large_before_it_is_read) {
    EXPECT_EQ(feed("41\r\n", 1).state, State::too_large);
    EXPECT_EQ(feed("40\r\n", 1).state, State::more);
    EXPECT_EQ(feed("ffffffff\r\n", 1).state, State::too_large);
    EXPECT_EQ(feed("20\r\n" + std::string(32, 'a') + "\r\n21\r\n", 5).state, State::too_large);
}

TEST(ChunkedBody, that_is_all_framing_is_too_large) {
    EXPECT_EQ(feed("1;" + std::string(200'000, 'a'), 1000).state, State::too_large);
    EXPECT_EQ(feed("0\r\nA: " + std::string(200'000, 'a'), 1000).state, State::too_large);
}

TEST(ChunkedBody, survives_mutations) {
    const std::string seed = "5\r\nhello\r\na;x=\"y\"\r\n0123456789\r\n0\r\nT: v\r\n\r\n";
    std::mt19937 random(7);
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = seed;
        for (int i = 0; i <= round % 3; ++i) {
            bytes[random() % bytes.size()] = static_cast<char>(random() % 256);
        }
        const Outcome whole = feed(bytes, bytes.size());
        const Outcome pieces = feed(bytes, 1 + random() % 9);
        ASSERT_EQ(whole.state, pieces.state) << bytes;
        ASSERT_EQ(whole.body, pieces.body);
        ASSERT_LE(whole.body.size(), 64U);
    }
}

}  // namespace
}  // namespace tokenbroker::api
