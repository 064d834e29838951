#include "client_fixture.hpp"

#include <gmock/gmock.h>

#include <arpa/inet.h>
#include <future>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tokenbroker::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

class FaultsTest : public ClientTest {
protected:
    // Gets the request and then does `next`.
    static TestServer::Script after_request(std::function<void(ServerConnection&)> next) {
        return [next = std::move(next)](ServerConnection& connection) {
            connection.request();
            next(connection);
        };
    }
    static void silence(ServerConnection& connection) { connection.wait_until_gone(); }
};

// An address that takes no connection and refuses none: a listener whose queue is full.
class BlackHole {
public:
    BlackHole(const char* address, std::uint16_t port)
        : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = ::htons(port);
        ::inet_pton(AF_INET, address, &at.sin_addr);
        const auto* generic = reinterpret_cast<const sockaddr*>(&at);
        works_ = ::bind(listener_, generic, sizeof at) == 0 && ::listen(listener_, 0) == 0;
        for (int& filler : fillers_) {
            filler = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
            ::connect(filler, generic, sizeof at);
        }
    }
    BlackHole(const BlackHole&) = delete;
    BlackHole& operator=(const BlackHole&) = delete;
    ~BlackHole() {
        for (const int filler : fillers_)
            ::close(filler);
        ::close(listener_);
    }
    [[nodiscard]] bool works() const { return works_; }

private:
    int listener_;
    int fillers_[4]{};
    bool works_ = false;
};

TEST_F(FaultsTest, says_when_a_name_does_not_resolve) {
    HttpClient client(clock_, workers_, "tokenbroker/test", [](const std::string& host) {
        return Result<std::vector<std::string>>(
            Error(Errc::resolve_failed, "resolving " + host + ": no such name"));
    });
    std::optional<Exchange> answer;
    async::Nursery nursery(loop_.get_executor());
    endpoint_.at = {"nowhere.example", 443};
    nursery.spawn("ask", ask(client, std::make_shared<const Endpoint>(endpoint_), get(), answer));
    run(nursery);
    ASSERT_TRUE(answer && !*answer);
    EXPECT_EQ(answer->error().phase, Phase::resolve);
    EXPECT_FALSE(answer->error().sent);
    EXPECT_EQ(answer->error().error.message(), "resolving nowhere.example: no such name");
}

TEST_F(FaultsTest, is_not_held_by_a_name_service_that_hangs) {
    std::promise<void> release;
    auto released = release.get_future().share();
    HttpClient client(clock_, workers_, "tokenbroker/test", [released](const std::string&) {
        released.wait();
        return Result<std::vector<std::string>>(std::vector<std::string>{"127.0.0.1"});
    });
    std::optional<Exchange> answer;
    async::Nursery nursery(loop_.get_executor());
    endpoint_.at = {"slow.example", 443};
    endpoint_.deadlines.resolve = milliseconds(30);
    nursery.spawn("ask", ask(client, std::make_shared<const Endpoint>(endpoint_), get(), answer));
    while (!nursery.empty())
        loop_.run_one();
    release.set_value();
    loop_.run();
    ASSERT_TRUE(answer && !*answer);
    EXPECT_EQ(answer->error().phase, Phase::resolve);
    EXPECT_EQ(answer->error().error.code(), Errc::timeout);
    EXPECT_EQ(answer->error().error.message(), "resolving slow.example: not done within 30ms");
}

TEST_F(FaultsTest, tries_each_address_in_turn) {
    const TestServer server(Trust::shared().server, after_request([](ServerConnection& connection) {
                                connection.write(plain_ok);
                                connection.close();
                            }));
    const BlackHole hole("127.0.0.3", server.port());
    ASSERT_TRUE(hole.works());
    addresses_ = {"127.0.0.2", "127.0.0.3", "127.0.0.1"};
    Endpoint endpoint = to(server);
    endpoint.deadlines.connect = milliseconds(200);
    const Exchange exchanged = exchange(endpoint, get());
    EXPECT_TRUE(exchanged) << exchanged.error().error.message();
}

TEST_F(FaultsTest, names_the_reason_of_each_address) {
    const TestServer server(silence);
    const BlackHole hole("127.0.0.3", server.port());
    ASSERT_TRUE(hole.works());
    addresses_ = {"127.0.0.2", "127.0.0.3"};
    Endpoint endpoint = to(server);
    endpoint.deadlines.connect = milliseconds(50);
    const Failure failed = failure(endpoint);
    EXPECT_EQ(failed.phase, Phase::connect);
    EXPECT_EQ(failed.error.code(), Errc::connect_failed);
    EXPECT_FALSE(failed.sent);
    EXPECT_EQ(failed.error.message(),
              "connecting to localhost:" + std::to_string(server.port()) +
                  ": 127.0.0.2: Connection refused; 127.0.0.3: not done within 50ms");
}

TEST_F(FaultsTest, gives_up_on_a_server_that_is_silent_in_the_handshake) {
    const TestServer server(silence);
    Endpoint endpoint = to(server);
    endpoint.deadlines.handshake = milliseconds(50);
    const Failure failed = failure(endpoint);
    EXPECT_EQ(failed.phase, Phase::handshake);
    EXPECT_EQ(failed.error.code(), Errc::timeout);
    EXPECT_FALSE(failed.sent);
    EXPECT_EQ(failed.error.message(), "TLS handshake with localhost: not done within 50ms");
}

TEST_F(FaultsTest, gives_up_on_a_server_that_does_not_answer) {
    const TestServer server(Trust::shared().server, after_request(silence));
    Endpoint endpoint = to(server);
    endpoint.deadlines.whole = seconds(1);
    const Failure failed = failure(endpoint);
    EXPECT_EQ(failed.phase, Phase::receive);
    EXPECT_EQ(failed.error.code(), Errc::timeout);
    EXPECT_TRUE(failed.sent);
    EXPECT_THAT(failed.error.message(), HasSubstr(": not done within 1s"));
}

TEST_F(FaultsTest, gives_up_on_a_slow_drip) {
    const TestServer server(
        Trust::shared().server, after_request([](ServerConnection& connection) {
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
            connection.drip(std::string(100000, 'x'));
        }));
    Endpoint endpoint = to(server);
    endpoint.deadlines.whole = seconds(1);
    const Failure failed = failure(endpoint);
    EXPECT_EQ(failed.error.code(), Errc::timeout);
    EXPECT_TRUE(failed.sent);
}

TEST_F(FaultsTest, gives_up_on_a_fast_drip_that_never_ends) {
    const TestServer server(
        Trust::shared().server, after_request([](ServerConnection& connection) {
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            while (connection.write("1\r\nx\r\n")) {
            }
        }));
    Endpoint endpoint = to(server);
    endpoint.deadlines.whole = seconds(1);
    const Failure failed = failure(endpoint);
    EXPECT_THAT(failed.error.code(), testing::AnyOf(Errc::timeout, Errc::too_large));
}

TEST_F(FaultsTest, tells_a_reset_before_the_request_from_one_after_it) {
    const TestServer early([](ServerConnection& connection) { connection.reset(); });
    const Failure before = failure(to(early));
    EXPECT_LE(before.phase, Phase::handshake);
    EXPECT_FALSE(before.sent);

    const TestServer late(Trust::shared().server,
                          after_request([](ServerConnection& c) { c.reset(); }));
    const Failure after = failure(to(late));
    EXPECT_EQ(after.phase, Phase::receive);
    EXPECT_EQ(after.error.code(), Errc::connection_lost);
    EXPECT_TRUE(after.sent);
    EXPECT_THAT(after.error.message(), HasSubstr("Connection reset by peer"));
}

TEST_F(FaultsTest, hears_a_server_that_refuses_without_reading) {
    const TestServer server(Trust::shared().server, [](ServerConnection& connection) {
        connection.write(
            "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
        connection.close();
    });
    const Exchange exchanged = exchange(to(server), post(std::string(900 * 1024, 'x')));
    ASSERT_TRUE(exchanged) << exchanged.error().error.message();
    EXPECT_EQ(exchanged->status, 429);
    EXPECT_EQ(exchanged->retry_after, "7");
}

TEST_F(FaultsTest, takes_no_part_of_an_answer_for_the_whole) {
    const auto words = [this](std::string text, bool politely) {
        const TestServer server(Trust::shared().server,
                                after_request([&](ServerConnection& connection) {
                                    connection.write(text);
                                    politely ? connection.close() : connection.cut();
                                }));
        const Failure failed = failure(to(server));
        EXPECT_EQ(failed.error.code(), Errc::connection_lost);
        EXPECT_TRUE(failed.sent);
        return failed.error.message();
    };
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    EXPECT_THAT(words("", true), HasSubstr("closed without an answer"));
    EXPECT_THAT(words("HTTP/1.1 20", true), HasSubstr("closed in the middle"));
    EXPECT_THAT(words(ok + "Content-Length: 5\r\n\r\nabc", true),
                HasSubstr("closed in the middle"));
    EXPECT_THAT(words(ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", true),
                HasSubstr("closed in the middle"));
    EXPECT_THAT(words(ok + "\r\nuntil the end", false), HasSubstr("cut off"));
    EXPECT_THAT(words("HTTP/1.1 100 Continue\r\n\r\n", true),
                HasSubstr("closed without an answer"));
}

TEST_F(FaultsTest, needs_no_goodbye_after_a_whole_answer) {
    const TestServer server(Trust::shared().server, after_request([](ServerConnection& connection) {
                                connection.write(plain_ok);
                                connection.cut();
                            }));
    EXPECT_TRUE(exchange(server));
}

// Cancels the exchange when the server says so; how the server's side ended is in the future.
TEST_F(FaultsTest, leaves_nothing_when_it_is_cancelled) {
    async::Nursery nursery(loop_.get_executor());
    const auto cancel = [&] { boost::asio::post(loop_, [&] { nursery.cancel(); }); };
    const auto cancelled = [&](const TestServer& server, std::future<void> gone) {
        std::optional<Exchange> answer;
        nursery.spawn("ask",
                      ask(client_, std::make_shared<const Endpoint>(to(server)), get(), answer));
        run(nursery);
        EXPECT_FALSE(answer);
        EXPECT_EQ(gone.wait_for(seconds(10)), std::future_status::ready);
    };
    {
        std::promise<void> gone;
        const TestServer server([&](ServerConnection& connection) {
            cancel();
            connection.wait_until_gone();
            gone.set_value();
        });
        cancelled(server, gone.get_future());  // in the handshake
    }
    {
        std::promise<void> gone;
        const TestServer server(Trust::shared().server,
                                after_request([&](ServerConnection& connection) {
                                    cancel();
                                    connection.wait_until_gone();
                                    gone.set_value();
                                }));
        cancelled(server, gone.get_future());  // waiting for the answer
    }
    {
        std::promise<void> gone;
        const TestServer server(
            Trust::shared().server, after_request([&](ServerConnection& connection) {
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
                cancel();
                connection.wait_until_gone();
                gone.set_value();
            }));
        cancelled(server, gone.get_future());  // in the middle of the answer
    }
}

TEST_F(FaultsTest, is_cancelled_while_it_connects_and_while_it_resolves) {
    const TestServer server(silence);
    const BlackHole hole("127.0.0.3", server.port());
    ASSERT_TRUE(hole.works());
    addresses_ = {"127.0.0.3"};
    std::promise<void> release;
    auto released = release.get_future().share();
    HttpClient stuck(clock_, workers_, "tokenbroker/test", [&, released](const std::string&) {
        released.wait();
        return Result<std::vector<std::string>>(addresses_);
    });
    std::optional<Exchange> answer;
    async::Nursery nursery(loop_.get_executor());
    nursery.spawn("connect",
                  ask(client_, std::make_shared<const Endpoint>(to(server)), get(), answer));
    nursery.spawn("resolve",
                  ask(stuck, std::make_shared<const Endpoint>(to(server)), get(), answer));
    loop_.run_for(milliseconds(50));
    ASSERT_EQ(nursery.size(), 2U);
    nursery.cancel();
    loop_.run_for(milliseconds(500));
    EXPECT_TRUE(nursery.empty());
    EXPECT_FALSE(answer);
    release.set_value();
    loop_.run();
}

}  // namespace
}  // namespace tokenbroker::upstream
