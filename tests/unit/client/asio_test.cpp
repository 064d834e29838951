#include "support/stub_daemon.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <functional>
#include <string>
#include <tokenbroker/asio.hpp>
#include <vector>

namespace tokenbroker::client {
namespace {

using namespace std::chrono_literals;
using support::event_stream_head;
using support::http_answer;
using support::StubDaemon;
using support::StubPeer;
using support::token_json;

namespace asio = boost::asio;

Options hasty(const StubDaemon& daemon) {
    Options options(daemon.path());
    options.reconnect_initial = 1ms;
    options.reconnect_max = 2ms;
    return options;
}

asio::awaitable<void> collect(AsyncWatch& watch, std::size_t count,
                              std::vector<std::string>& seen) {
    while (seen.size() < count) {
        const auto news = co_await watch.next();
        seen.push_back(news ? "generation " + std::to_string(news->generation)
                            : "error " + std::to_string(static_cast<int>(news.error().kind)));
    }
}

// Runs a coroutine to its end, which must leave nothing behind in the context.
void run(asio::io_context& context, asio::awaitable<void> task) {
    std::exception_ptr failure;
    bool ended = false;
    asio::co_spawn(context, std::move(task), [&](std::exception_ptr error) {
        failure = error;
        ended = true;
    });
    context.run_for(20s);
    EXPECT_TRUE(ended);
    EXPECT_TRUE(context.stopped());
    if (failure) std::rethrow_exception(failure);
}

asio::awaitable<void> get_into(AsyncClient client, Result<Token>& result) {
    result = co_await client.get("a");
}

TEST(AsyncClient, gets_a_token) {
    StubDaemon daemon(StubDaemon::answering({http_answer(200, token_json("a", "t0k", 7))}));
    asio::io_context context;
    Result<Token> token;
    run(context, get_into(AsyncClient(context.get_executor(), hasty(daemon)), token));
    ASSERT_TRUE(token) << token.error().message;
    EXPECT_EQ(token->access_token, "t0k");
}

asio::awaitable<void> reject_into(AsyncClient client, Result<Token>& result) {
    result = co_await client.rejected("a", 7, 30s);
}

TEST(AsyncClient, tells_of_a_rejected_token) {
    StubDaemon daemon(StubDaemon::answering({http_answer(200, token_json("a", "new", 8))}));
    asio::io_context context;
    Result<Token> token;
    run(context, reject_into(AsyncClient(context.get_executor(), hasty(daemon)), token));
    ASSERT_TRUE(token);
    EXPECT_EQ(token->generation, 8U);
    EXPECT_TRUE(daemon.requests()[0].ends_with("{\"generation\":7}"));
}

ErrorKind kind_for(const Options& options) {
    asio::io_context context;
    Result<Token> token;
    run(context, get_into(AsyncClient(context.get_executor(), options), token));
    return token ? ErrorKind{} : token.error().kind;
}

TEST(AsyncClient, gives_errors_as_values) {
    EXPECT_EQ(kind_for(Options("/nonexistent/sock")), ErrorKind::unreachable);
    const auto kind_of_answer = [](const std::string& answer) {
        const StubDaemon daemon(StubDaemon::answering({answer}));
        return kind_for(hasty(daemon));
    };
    EXPECT_EQ(kind_of_answer("garbage"), ErrorKind::failed);
    EXPECT_EQ(kind_of_answer(""), ErrorKind::unreachable);
    EXPECT_EQ(kind_of_answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"),
              ErrorKind::unreachable);
    EXPECT_EQ(kind_of_answer(http_answer(403, R"({"type":"/problems/access-denied"})")),
              ErrorKind::access_denied);
}

TEST(AsyncClient, gives_a_silent_daemon_its_time_and_no_more) {
    StubDaemon daemon([](StubPeer& peer) { peer.wait_for_close(); });
    Options options(daemon.path());
    options.answer_timeout = Milliseconds(30) - Milliseconds(5'000);  // the default wait is added
    EXPECT_EQ(kind_for(options), ErrorKind::unreachable);
}

TEST(AsyncClient, asks_a_full_backlog_again_until_its_deadline) {
    const StubDaemon daemon(StubDaemon::answering({""}), 0, false);
    int fillers[3];
    int last = 0;
    for (auto& filler : fillers) {
        filler = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        last = detail::try_connect(filler, daemon.path());
    }
    ASSERT_EQ(last, EAGAIN);
    Options options(daemon.path());
    options.connect_timeout = 50ms;
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(kind_for(options), ErrorKind::unreachable);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 50ms);
    for (const int filler : fillers)
        close(filler);
}

std::string token_event(std::uint64_t generation) {
    return "event: token\nid: " + std::to_string(generation) +
           "\ndata: " + token_json("a", "t", generation) + "\n\n";
}

TEST(AsyncWatch, follows_a_token_over_restarts) {
    StubDaemon daemon([connection = 0](StubPeer& peer) mutable {
        ++connection;
        if (connection == 1) return peer.send(event_stream_head + token_event(1) + token_event(2));
        if (connection < 4) return;  // hangs up
        peer.send(event_stream_head + token_event(3));
        peer.wait_for_close();
    });
    asio::io_context context;
    AsyncWatch watch(context.get_executor(), "a", hasty(daemon));
    std::vector<std::string> seen;
    run(context, collect(watch, 4, seen));
    EXPECT_EQ(seen, (std::vector<std::string>{"generation 1", "generation 2", "error 6",
                                              "generation 3"}));
    ASSERT_TRUE(watch.current());
    EXPECT_EQ(watch.current()->generation, 3U);
    EXPECT_NE(daemon.requests()[1].find("\r\nLast-Event-ID: 2\r\n"), std::string::npos);
}

asio::awaitable<void> stop_later(AsyncWatch& watch, Result<Token>& first,
                                 asio::steady_timer& soon) {
    first = co_await watch.next();
    soon.expires_after(10ms);
    soon.async_wait([&watch](boost::system::error_code) { watch.stop(); });
    const auto second = co_await watch.next();
    EXPECT_FALSE(second);
}

TEST(AsyncWatch, is_stopped_while_it_waits) {
    StubDaemon daemon([](StubPeer& peer) {
        peer.send(event_stream_head + token_event(1));
        peer.wait_for_close();
    });
    asio::io_context context;
    AsyncWatch watch(context.get_executor(), "a", hasty(daemon));
    asio::steady_timer soon(context);
    Result<Token> first;
    run(context, stop_later(watch, first, soon));
    EXPECT_TRUE(first);
}

TEST(AsyncWatch, may_be_dropped_while_it_waits) {
    StubDaemon daemon([](StubPeer& peer) {
        peer.send(event_stream_head);
        peer.wait_for_close();
    });
    asio::io_context context;
    bool ended = false;
    {
        AsyncWatch watch(context.get_executor(), "a", hasty(daemon));
        asio::co_spawn(context, watch.next(),
                       [&ended](std::exception_ptr, const Result<Token>& news) {
                           EXPECT_FALSE(news);
                           ended = true;
                       });
        context.run_one_for(5s);
    }
    context.run_for(20s);
    EXPECT_TRUE(ended);
    EXPECT_TRUE(context.stopped());
}

}  // namespace
}  // namespace tokenbroker::client
