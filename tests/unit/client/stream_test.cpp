#include "support/stub_daemon.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <tokenbroker/detail/wire.hpp>
#include <vector>

namespace tokenbroker::client::detail {
namespace {

using support::event_stream_head;
using support::token_json;

std::vector<StreamEvent> all(EventReader& reader) {
    std::vector<StreamEvent> events;
    while (auto event = reader.next())
        events.push_back(*std::move(event));
    return events;
}

TEST(Events, are_the_same_wherever_the_bytes_are_cut) {
    const std::string text =
        ": hello\r\nevent: token\r\nid: 7\r\ndata: one\r\ndata: two\r\n\r\n: "
        "heartbeat\n\nevent:x\ndata:y\n\ndata\n\nid: 1\n\n";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        EventReader reader;
        ASSERT_TRUE(reader.feed(text.substr(0, cut)));
        ASSERT_TRUE(reader.feed(text.substr(cut)));
        const auto events = all(reader);
        ASSERT_EQ(events.size(), 3U) << cut;
        EXPECT_EQ(events[0].name, "token");
        EXPECT_EQ(events[0].id, "7");
        EXPECT_EQ(events[0].data, "one\ntwo");
        EXPECT_EQ(events[1].name, "x");
        EXPECT_EQ(events[1].data, "y");
        EXPECT_EQ(events[2].name, "message");
        EXPECT_EQ(events[2].data, "");
    }
}

TEST(Events, that_do_not_end_are_given_up) {
    EventReader one_line;
    EXPECT_FALSE(one_line.feed("data: " + std::string(max_event, 'x')));
    EventReader many_lines;
    bool fits = true;
    for (std::size_t i = 0; i < 2 * max_event && fits; i += 1024) {
        fits = many_lines.feed("data: " + std::string(1023, 'x') + "\n");
    }
    EXPECT_FALSE(fits);
}

std::string token_event(std::uint64_t generation) {
    return "event: token\nid: " + std::to_string(generation) +
           "\ndata: " + token_json("a", "t", generation) + "\n\n";
}

TEST(Stream, tells_tokens_and_why_there_is_none) {
    StreamReader reader;
    EXPECT_TRUE(reader.feed(event_stream_head + ": hi\n\n" + token_event(5)));
    EXPECT_TRUE(reader.feed(
        "event: unavailable\ndata: {\"type\":\"/problems/access-denied\",\"status\":403,"
        "\"detail\":\"no\"}\n\nevent: later-invention\ndata: x\n\n"));
    EXPECT_TRUE(reader.open());
    const auto first = reader.next();
    ASSERT_TRUE(first && *first);
    EXPECT_EQ((*first)->generation, 5U);
    const auto second = reader.next();
    ASSERT_TRUE(second && !*second);
    EXPECT_EQ(second->error().kind, ErrorKind::access_denied);
    EXPECT_FALSE(reader.next());
    reader.end("/s");
    EXPECT_FALSE(reader.next()) << "an open stream that ends is no news";
}

TEST(Stream, that_breaks_tells_what_was_whole_before) {
    const std::string event = token_event(5);
    std::ostringstream size;
    size << std::hex << event.size() << "\r\n";
    StreamReader reader;
    EXPECT_FALSE(
        reader.feed("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n" +
                    size.str() + event + "\r\nno chunk\r\n"));
    const auto first = reader.next();
    ASSERT_TRUE(first && *first);
    EXPECT_EQ((*first)->generation, 5U);
    const auto second = reader.next();
    ASSERT_TRUE(second && !*second);
    EXPECT_EQ(second->error().kind, ErrorKind::failed);
}

TEST(Stream, that_breaks_after_its_head_was_open) {
    StreamReader reader;
    EXPECT_FALSE(
        reader.feed("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                    "Transfer-Encoding: chunked\r\n\r\nno chunk\r\n"));
    EXPECT_TRUE(reader.open());
    const auto news = reader.next();
    ASSERT_TRUE(news && !*news);
    EXPECT_EQ(news->error().kind, ErrorKind::failed);
}

TEST(Stream, that_is_refused_tells_the_problem) {
    StreamReader reader;
    EXPECT_FALSE(reader.feed(
        support::http_answer(404, R"({"type":"/problems/unknown-account","detail":"no such"})")));
    const auto news = reader.next();
    ASSERT_TRUE(news && !*news);
    EXPECT_EQ(news->error().kind, ErrorKind::unknown_account);
}

TEST(Stream, of_another_type_is_an_error) {
    StreamReader reader;
    EXPECT_FALSE(reader.feed(support::http_answer(200, "{}")));
    const auto news = reader.next();
    ASSERT_TRUE(news && !*news);
    EXPECT_EQ(news->error().kind, ErrorKind::failed);
}

TEST(Stream, that_ends_before_its_head_is_an_error) {
    StreamReader reader;
    EXPECT_TRUE(reader.feed("HTTP/1.1 200 OK\r\n"));
    reader.end("/s");
    const auto news = reader.next();
    ASSERT_TRUE(news && !*news);
    EXPECT_EQ(news->error().kind, ErrorKind::unreachable);
}

Result<Token> token_of(std::uint64_t generation,
                       std::string_view expires_at = "2999-01-01T00:00:00Z") {
    return parse_token(token_json("a", "t", generation, expires_at));
}
Result<Token> error_of(ErrorKind kind, std::string problem = {}) {
    Error error(kind, "m");
    error.problem = std::move(problem);
    return error;
}

TEST(Memory, takes_the_same_token_or_error_for_no_news) {
    WatchMemory memory{Options()};
    EXPECT_TRUE(memory.is_news(token_of(1)));
    EXPECT_FALSE(memory.is_news(token_of(1)));
    EXPECT_TRUE(memory.is_news(token_of(2)));
    EXPECT_TRUE(memory.is_news(error_of(ErrorKind::unreachable)));
    EXPECT_FALSE(memory.is_news(error_of(ErrorKind::unreachable)));
    EXPECT_TRUE(memory.is_news(error_of(ErrorKind::no_token, "token-unavailable")));
    EXPECT_TRUE(memory.is_news(token_of(3)));
}

TEST(Memory, takes_a_second_loss_for_news_where_a_stream_opened_in_between) {
    WatchMemory memory{Options()};
    EXPECT_TRUE(memory.is_news(error_of(ErrorKind::unreachable)));
    memory.opened();
    EXPECT_TRUE(memory.is_news(error_of(ErrorKind::unreachable)));
}

TEST(Memory, keeps_the_token_while_the_daemon_is_away_and_drops_it_when_told_so) {
    WatchMemory memory{Options()};
    memory.is_news(token_of(1));
    memory.is_news(error_of(ErrorKind::unreachable));
    memory.is_news(error_of(ErrorKind::no_token, "too-many-connections"));
    ASSERT_TRUE(memory.token());
    EXPECT_EQ(memory.last_generation(), 1U);
    for (const auto* problem : {"token-unavailable", "access-denied", "unknown-account"}) {
        memory.is_news(token_of(1));
        memory.is_news(error_of(ErrorKind::no_token, problem));
        EXPECT_FALSE(memory.token());
        EXPECT_FALSE(memory.last_generation());
    }
}

TEST(Memory, does_not_name_an_expired_token_when_it_asks_again) {
    WatchMemory memory{Options()};
    memory.is_news(token_of(1, "2001-01-01T00:00:00Z"));
    EXPECT_FALSE(memory.last_generation());
}

TEST(Memory, pauses_longer_each_time_until_a_connection_lasted) {
    Options options;
    options.reconnect_initial = Milliseconds(100);
    options.reconnect_max = Milliseconds(1000);
    WatchMemory memory(options);
    for (const int step : {100, 200, 400, 800, 1000, 1000}) {
        const auto pause = memory.pause(Milliseconds(0));
        EXPECT_GE(pause, Milliseconds(step));
        EXPECT_LE(pause, Milliseconds(step + step / 2));
    }
    EXPECT_LE(memory.pause(Milliseconds(1000)), Milliseconds(150));
}

TEST(Memory, never_pauses_for_nothing) {
    Options options;
    options.reconnect_initial = Milliseconds(0);
    options.reconnect_max = Milliseconds(0);
    WatchMemory memory(options);
    EXPECT_GE(memory.pause(Milliseconds(0)), Milliseconds(1));
}

TEST(Connecting, waits_a_little_longer_each_time_and_never_long) {
    EXPECT_EQ(connect_pause(0), Milliseconds(1));
    EXPECT_EQ(connect_pause(3), Milliseconds(8));
    EXPECT_EQ(connect_pause(1000), Milliseconds(20));
}

}  // namespace
}  // namespace tokenbroker::client::detail
