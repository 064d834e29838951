#include "client_fixture.hpp"

#include <gmock/gmock.h>

#include <future>

namespace tokenbroker::upstream {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

class ProxyTest : public ClientTest {
protected:
    static Endpoint through(const TestServer& proxy) {
        Endpoint endpoint;
        endpoint.at = {"localhost", 443};
        endpoint.proxy = HostAndPort("proxy.example", proxy.port());
        return endpoint;
    }
    Failure refused_by(TestServer::Script script, Deadlines deadlines = {}) {
        const TestServer proxy(std::move(script));
        Endpoint endpoint = through(proxy);
        endpoint.deadlines = deadlines;
        const Failure failed = failure(endpoint);
        EXPECT_EQ(failed.phase, Phase::proxy);
        EXPECT_EQ(failed.error.code(), Errc::proxy_failed);
        EXPECT_FALSE(failed.sent);
        EXPECT_THAT(failed.error.message(),
                    StartsWith("asking the proxy proxy.example:" + std::to_string(proxy.port()) +
                               " for localhost:443: "));
        return failed;
    }
    static TestServer::Script answers(std::string text) {
        return [text = std::move(text)](ServerConnection& connection) {
            connection.request();
            connection.write(text);
            connection.wait_until_gone();
        };
    }
};

TEST_F(ProxyTest, asks_for_a_tunnel_and_speaks_tls_through_it) {
    std::promise<std::string> asked;
    std::promise<std::string> request;
    const TestServer proxy([&](ServerConnection& connection) {
        asked.set_value(connection.request());
        connection.write("HTTP/1.1 200 Connection established\r\n\r\n");
        if (!connection.start_tls(Trust::shared().server)) return;
        request.set_value(connection.request());
        connection.write(plain_ok);
        connection.close();
    });
    Endpoint endpoint = through(proxy);
    endpoint.trust = endpoint_.trust;
    const Exchange exchanged = exchange(endpoint, post("{\"password\":\"pa55\"}"));
    ASSERT_TRUE(exchanged) << exchanged.error().error.message();
    EXPECT_EQ(exchanged->status, 200);
    EXPECT_EQ(asked.get_future().get(),
              "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\nUser-Agent: "
              "tokenbroker/test\r\n\r\n");
    EXPECT_THAT(request.get_future().get(),
                StartsWith("POST /login HTTP/1.1\r\nHost: localhost\r\n"));
    EXPECT_EQ(looked_up_, std::vector<std::string>{"proxy.example"});
}

TEST_F(ProxyTest, says_what_the_proxy_answered) {
    const Failure failed = refused_by(
        answers("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 5\r\n\r\nhello"));
    EXPECT_THAT(failed.error.message(), HasSubstr("it answered 407 Proxy Authentication Required"));
    EXPECT_THAT(refused_by(answers("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n")).error.message(),
                HasSubstr("302 Found"));
}

TEST_F(ProxyTest, takes_no_garbage_no_flood_and_no_silence) {
    EXPECT_THAT(refused_by(answers("garbage\r\n\r\n")).error.message(),
                HasSubstr("it is not HTTP"));
    EXPECT_THAT(
        refused_by(answers("HTTP/1.1 200 OK\r\nX: " + std::string(100000, 'x'))).error.message(),
        HasSubstr("its head is over"));
    EXPECT_THAT(refused_by(answers("HTTP/1.1 200 OK\r\n\r\nand more")).error.message(),
                HasSubstr("more than an answer"));
    EXPECT_THAT(
        refused_by([](ServerConnection& connection) { connection.request(); }).error.message(),
        HasSubstr("closed without an answer"));
    Deadlines deadlines;
    deadlines.proxy = milliseconds(50);
    EXPECT_THAT(
        refused_by([](ServerConnection& connection) { connection.wait_until_gone(); }, deadlines)
            .error.message(),
        HasSubstr("not done within 50ms"));
}

TEST_F(ProxyTest, verifies_the_upstream_and_not_the_proxy) {
    const TestServer proxy([&](ServerConnection& connection) {
        connection.request();
        connection.write("HTTP/1.1 200 OK\r\n\r\n");
        connection.start_tls(
            {Trust::shared().authority.issue({"x", {"DNS:proxy.example"}}), {}, false});
    });
    Endpoint endpoint = through(proxy);
    endpoint.trust = endpoint_.trust;
    const Failure failed = failure(endpoint);
    EXPECT_EQ(failed.phase, Phase::handshake);
    EXPECT_THAT(failed.error.message(), HasSubstr("hostname mismatch"));
}

}  // namespace
}  // namespace tokenbroker::upstream
