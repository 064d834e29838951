#include "client_fixture.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <future>

namespace tokenbroker::upstream {
namespace {

using testing::HasSubstr;
using testing::Not;

class HttpClientTest : public ClientTest {
protected:
    static TestServer::Script answer(std::string text) {
        return [text = std::move(text)](ServerConnection& connection) {
            connection.request();
            connection.write(text);
            connection.close();
        };
    }
    // The answer's body, or the words of the failure.
    std::string body_or_words(const std::string& text) {
        const TestServer server(Trust::shared().server, answer(text));
        const Exchange exchanged = exchange(server);
        return exchanged ? std::string(exchanged->body.reveal())
                         : exchanged.error().error.message();
    }
};

TEST_F(HttpClientTest, sends_one_request_and_gives_the_answer_back) {
    std::promise<std::string> seen;
    std::promise<std::string> name;
    const TestServer server(Trust::shared().server, [&](ServerConnection& connection) {
        seen.set_value(connection.request());
        name.set_value(connection.server_name());
        connection.write(plain_ok);
        connection.wait_until_gone();
    });
    Request request = post("{\"a\":1}");
    request.headers.emplace_back("Content-Type", Secret("application/json"));
    request.headers.emplace_back("Authorization", Secret("Bearer xyz"));
    const Moment before = clock_.now();
    const Exchange exchanged = exchange(to(server), std::move(request));

    ASSERT_TRUE(exchanged) << exchanged.error().error.message();
    EXPECT_EQ(exchanged->status, 200);
    EXPECT_EQ(exchanged->content_type, "application/json");
    EXPECT_EQ(exchanged->body.reveal(), "{\"key\":\"abc\"}");
    EXPECT_GE(exchanged->sent.boot, before.boot);
    EXPECT_LE(exchanged->sent.boot, clock_.now().boot);
    EXPECT_EQ(seen.get_future().get(),
              "POST /login HTTP/1.1\r\nHost: localhost:" + std::to_string(server.port()) +
                  "\r\nUser-Agent: tokenbroker/test\r\nAccept: application/json\r\n"
                  "Accept-Encoding: identity\r\nX-Request-Id: attempt-7-login\r\n"
                  "Content-Type: application/json\r\nAuthorization: Bearer xyz\r\n"
                  "Content-Length: 7\r\nConnection: close\r\n\r\n{\"a\":1}");
    EXPECT_EQ(name.get_future().get(), "localhost");
}

TEST_F(HttpClientTest, reads_chunked_and_until_close_and_interim_answers) {
    EXPECT_EQ(body_or_words("HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                            "chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"),
              "abcde");
    EXPECT_EQ(body_or_words("HTTP/1.1 200 OK\r\n\r\nuntil the end"), "until the end");
    EXPECT_EQ(body_or_words("HTTP/1.0 200 OK\r\n\r\n"), "");
    EXPECT_EQ(
        body_or_words("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" +
                      std::string(plain_ok)),
        "{\"key\":\"abc\"}");
    EXPECT_EQ(body_or_words("HTTP/1.1 204 No Content\r\n\r\n"), "");
}

TEST_F(HttpClientTest, opens_a_new_connection_for_each_request) {
    const TestServer server(Trust::shared().server, answer(std::string(plain_ok)));
    EXPECT_TRUE(exchange(server));
    EXPECT_TRUE(exchange(server));
    EXPECT_EQ(server.connections(), 2U);
}

TEST_F(HttpClientTest, makes_many_exchanges_at_once) {
    const TestServer server(Trust::shared().server, answer(std::string(plain_ok)));
    std::vector<std::optional<Exchange>> answers(20);
    async::Nursery nursery(loop_.get_executor());
    for (std::optional<Exchange>& each : answers)
        nursery.spawn("ask",
                      ask(client_, std::make_shared<const Endpoint>(to(server)), get(), each));
    run(nursery);
    for (const std::optional<Exchange>& each : answers) {
        ASSERT_TRUE(each);
        EXPECT_TRUE(*each) << each->error().error.message();
    }
}

TEST_F(HttpClientTest, follows_no_redirect_and_keeps_no_cookie) {
    std::promise<std::string> second;
    int requests = 0;
    const TestServer server(Trust::shared().server, [&](ServerConnection& connection) {
        const std::string request = connection.request();
        if (++requests == 2) second.set_value(request);
        connection.write(
            "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nSet-Cookie: a=b\r\nContent-Length: "
            "0\r\n\r\n");
        connection.close();
    });
    const Exchange first = exchange(server);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->status, 302);
    EXPECT_EQ(first->location, "/elsewhere");
    EXPECT_EQ(server.connections(), 1U);
    EXPECT_TRUE(exchange(server));
    EXPECT_THAT(second.get_future().get(), Not(HasSubstr("Cookie")));
}

TEST_F(HttpClientTest, takes_no_proxy_from_the_environment) {
    ::setenv("https_proxy", "http://127.0.0.1:1", 1);
    ::setenv("HTTPS_PROXY", "http://127.0.0.1:1", 1);
    const TestServer server(Trust::shared().server, answer(std::string(plain_ok)));
    EXPECT_TRUE(exchange(server));
    ::unsetenv("https_proxy");
    ::unsetenv("HTTPS_PROXY");
}

TEST_F(HttpClientTest, speaks_plain_http_where_that_was_asked_for) {
    const TestServer server(answer(std::string(plain_ok)));
    Endpoint endpoint = to(server);
    endpoint.tls = false;
    const Exchange exchanged = exchange(endpoint, get());
    ASSERT_TRUE(exchanged) << exchanged.error().error.message();
    EXPECT_EQ(exchanged->body.reveal(), "{\"key\":\"abc\"}");
}

TEST_F(HttpClientTest, refuses_answers_over_its_limits) {
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    EXPECT_THAT(body_or_words(ok + "Content-Length: 1048577\r\n\r\n"),
                HasSubstr("its body is over 1048576 bytes"));
    EXPECT_THAT(body_or_words(ok + "\r\n" + std::string(1024 * 1024 + 1, 'x')),
                HasSubstr("over 1048576 bytes"));
    EXPECT_THAT(body_or_words(ok + "X: " + std::string(70000, 'x') + "\r\n\r\n"),
                HasSubstr("its head is over 65536 bytes"));
    EXPECT_EQ(body_or_words(ok + "\r\n" + std::string(1024 * 1024, 'x')).size(), 1024U * 1024);
}

TEST_F(HttpClientTest, refuses_what_is_not_http) {
    const TestServer server(Trust::shared().server, answer("SSH-2.0-OpenSSH_9.2\r\n\r\n"));
    const Failure failed = failure(to(server));
    EXPECT_EQ(failed.error.code(), Errc::bad_answer);
    EXPECT_EQ(failed.phase, Phase::receive);
    EXPECT_TRUE(failed.sent);
    EXPECT_THAT(failed.error.message(), HasSubstr("the answer of localhost:"));
    EXPECT_THAT(failed.error.message(), HasSubstr("it is not HTTP"));
}

TEST_F(HttpClientTest, sends_nothing_that_would_break_out_of_its_place) {
    const TestServer server(Trust::shared().server, answer(std::string(plain_ok)));
    Request request = get();
    request.headers.emplace_back("X-A", Secret("a\r\nX-B: b"));
    const Failure failed = failure(to(server), std::move(request));
    EXPECT_EQ(failed.phase, Phase::prepare);
    EXPECT_EQ(failed.error.code(), Errc::invalid_input);
    EXPECT_FALSE(failed.sent);
    EXPECT_EQ(server.connections(), 0U);
}

}  // namespace
}  // namespace tokenbroker::upstream
