#include "support/stub_daemon.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <tokenbroker/client.hpp>

namespace tokenbroker::client {
namespace {

using namespace std::chrono_literals;
using support::event_stream_head;
using support::http_answer;
using support::StubDaemon;
using support::StubPeer;
using support::token_json;

std::string token_event(std::uint64_t generation,
                        std::string_view expires_at = "2999-01-01T00:00:00Z") {
    return "event: token\nid: " + std::to_string(generation) +
           "\ndata: " + token_json("a", "t" + std::to_string(generation), generation, expires_at) +
           "\n\n";
}
std::string unavailable_event(std::string_view problem, int status) {
    return "event: unavailable\ndata: {\"type\":\"/problems/" + std::string(problem) +
           "\",\"status\":" + std::to_string(status) + ",\"detail\":\"why\"}\n\n";
}

Client hasty(const StubDaemon& daemon) {
    Options options(daemon.path());
    options.reconnect_initial = 1ms;
    options.reconnect_max = 2ms;
    return Client(options);
}

TEST(Watch, gives_the_token_now_and_each_new_one) {
    StubDaemon daemon([](StubPeer& peer) {
        peer.send(event_stream_head + token_event(1));
        peer.send(": heartbeat\n\n" + token_event(2));
        peer.wait_for_close();
    });
    Watch watch(hasty(daemon), "a");
    EXPECT_FALSE(watch.current());
    const auto first = watch.next();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->generation, 1U);
    ASSERT_TRUE(watch.current());
    EXPECT_EQ(watch.current()->access_token, "t1");
    EXPECT_EQ(watch.next()->generation, 2U);
    EXPECT_EQ(watch.current()->access_token, "t2");
    EXPECT_TRUE(daemon.requests()[0].starts_with("GET /v1/accounts/a/token/events HTTP/1.1\r\n"));
    EXPECT_EQ(daemon.requests()[0].find("Last-Event-ID"), std::string::npos);
}

TEST(Watch, comes_back_after_a_restart_and_says_what_it_has) {
    StubDaemon daemon([connection = 0](StubPeer& peer) mutable {
        ++connection;
        if (connection == 1) return peer.send(event_stream_head + token_event(1));
        if (connection == 2) return peer.send(event_stream_head);  // nothing new
        peer.send(event_stream_head + token_event(2));
        peer.wait_for_close();
    });
    Watch watch(hasty(daemon), "a");
    EXPECT_EQ(watch.next()->generation, 1U);
    EXPECT_EQ(watch.next()->generation, 2U) << "a stream that ended and came back is no news";
    const auto requests = daemon.requests();
    ASSERT_EQ(requests.size(), 3U);
    EXPECT_NE(requests[1].find("\r\nLast-Event-ID: 1\r\n"), std::string::npos);
    EXPECT_NE(requests[2].find("\r\nLast-Event-ID: 1\r\n"), std::string::npos);
}

TEST(Watch, keeps_the_token_while_the_daemon_is_away_and_says_so_once) {
    StubDaemon daemon([connection = 0](StubPeer& peer) mutable {
        if (++connection == 1) return peer.send(event_stream_head + token_event(1));
        if (connection < 5) return;  // hangs up
        peer.send(event_stream_head + token_event(2));
        peer.wait_for_close();
    });
    Watch watch(hasty(daemon), "a");
    EXPECT_TRUE(watch.next());
    const auto away = watch.next();
    ASSERT_FALSE(away);
    EXPECT_EQ(away.error().kind, ErrorKind::unreachable);
    ASSERT_TRUE(watch.current());
    EXPECT_EQ(watch.current()->generation, 1U);
    EXPECT_EQ(watch.next()->generation, 2U);
}

TEST(Watch, drops_the_token_when_the_daemon_says_so) {
    StubDaemon daemon([](StubPeer& peer) {
        peer.send(event_stream_head + token_event(1) + unavailable_event("token-unavailable", 503));
        peer.send(token_event(2) + unavailable_event("access-denied", 403));
        peer.wait_for_close();
    });
    Watch watch(hasty(daemon), "a");
    EXPECT_TRUE(watch.next());
    EXPECT_EQ(watch.next().error().kind, ErrorKind::no_token);
    EXPECT_FALSE(watch.current());
    EXPECT_TRUE(watch.next());
    EXPECT_TRUE(watch.current());
    EXPECT_EQ(watch.next().error().kind, ErrorKind::access_denied);
    EXPECT_FALSE(watch.current());
}

TEST(Watch, has_no_current_token_once_it_has_expired) {
    StubDaemon daemon([](StubPeer& peer) {
        peer.send(event_stream_head + token_event(1, "2001-01-01T00:00:00Z"));
        peer.wait_for_close();
    });
    Watch watch(hasty(daemon), "a");
    EXPECT_TRUE(watch.next());
    EXPECT_FALSE(watch.current());
}

TEST(Watch, tells_a_refusal_once_and_goes_on_asking) {
    StubDaemon daemon([connection = 0](StubPeer& peer) mutable {
        if (++connection < 4) {
            return peer.send(http_answer(
                403, R"({"type":"/problems/access-denied","status":403,"detail":"no"})"));
        }
        peer.send(event_stream_head + token_event(1));
        peer.wait_for_close();
    });
    Watch watch(hasty(daemon), "a");
    EXPECT_EQ(watch.next().error().kind, ErrorKind::access_denied);
    EXPECT_EQ(watch.next()->generation, 1U);
    EXPECT_EQ(daemon.requests().size(), 4U);
}

TEST(Watch, gives_up_a_stream_without_heartbeat) {
    StubDaemon daemon([](StubPeer& peer) {
        peer.send(event_stream_head + token_event(1));
        peer.wait_for_close();
    });
    Options options(daemon.path());
    options.stream_silence = 30ms;
    options.reconnect_initial = 1ms;
    Watch watch(Client(options), "a");
    EXPECT_TRUE(watch.next());
    EXPECT_EQ(watch.next().error().kind, ErrorKind::unreachable);
    EXPECT_TRUE(watch.current());
}

TEST(Watch, is_stopped_by_another_thread_while_it_waits) {
    std::promise<void> waiting;
    StubDaemon daemon([&waiting](StubPeer& peer) {
        peer.send(event_stream_head);
        waiting.set_value();
        peer.wait_for_close();
    });
    Watch watch(hasty(daemon), "a");
    auto news = std::async(std::launch::async, [&watch] { return watch.next(); });
    waiting.get_future().wait();
    watch.stop();
    EXPECT_EQ(news.get().error().kind, ErrorKind::failed);
    EXPECT_TRUE(watch.stopped());
    EXPECT_FALSE(watch.next());
}

TEST(Watch, is_stopped_while_it_pauses) {
    Options options("/nonexistent/sock");
    options.reconnect_initial = 1h;
    options.reconnect_max = 1h;
    Watch watch(Client(options), "a");
    EXPECT_EQ(watch.next().error().kind, ErrorKind::unreachable);
    auto news = std::async(std::launch::async, [&watch] { return watch.next(); });
    watch.stop();
    EXPECT_EQ(news.get().error().kind, ErrorKind::failed);
}

TEST(Watch, calls_back_until_it_is_told_to_end) {
    StubDaemon daemon([](StubPeer& peer) {
        peer.send(event_stream_head + token_event(1) + token_event(2) + token_event(3));
        peer.wait_for_close();
    });
    std::vector<std::uint64_t> seen;
    watch(hasty(daemon), "a", [&seen](const Result<Token>& news) {
        seen.push_back(news->generation);
        return seen.size() < 2;
    });
    EXPECT_EQ(seen, (std::vector<std::uint64_t>{1, 2}));
}

}  // namespace
}  // namespace tokenbroker::client
