#include "client_fixture.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <future>

namespace tokenbroker::upstream {
namespace {

using std::chrono::hours;
using support::Authority;
using testing::HasSubstr;

class TlsTest : public ClientTest {
protected:
    static void answer(ServerConnection& connection) {
        connection.request();
        connection.write(plain_ok);
        connection.close();
    }
    // What a server with this certificate makes the client say; it must not get a request.
    std::string refusal(support::Certificate certificate, const std::string& host = "localhost") {
        std::promise<std::string> request;
        const TestServer server(
            {std::move(certificate), {}, false},
            [&](ServerConnection& connection) { request.set_value(connection.request()); });
        const Failure failed = failure(to(server, host));
        EXPECT_EQ(failed.phase, Phase::handshake);
        EXPECT_EQ(failed.error.code(), Errc::tls_failed);
        EXPECT_FALSE(failed.sent);
        return failed.error.message();
    }
    static const Authority& authority() { return Trust::shared().authority; }
};

TEST_F(TlsTest, refuses_a_certificate_for_another_host) {
    const std::string words = refusal(authority().issue({"other", {"DNS:other.example"}}));
    EXPECT_THAT(
        words,
        HasSubstr("TLS handshake with localhost: certificate not accepted: hostname mismatch"));
    EXPECT_THAT(words, HasSubstr("tls.server_name"));
}

TEST_F(TlsTest, checks_an_address_as_an_address) {
    const TestServer server(Trust::shared().server, answer);
    EXPECT_TRUE(exchange(to(server, "127.0.0.1"), get()));
    EXPECT_THAT(refusal(authority().issue({"127.0.0.1", {"DNS:127.0.0.1"}}), "127.0.0.1"),
                HasSubstr("IP address mismatch"));
}

TEST_F(TlsTest, takes_no_partial_wildcard_and_no_common_name) {
    EXPECT_THAT(refusal(authority().issue({"x", {"DNS:local*"}})), HasSubstr("hostname mismatch"));
    EXPECT_THAT(refusal(authority().issue({"localhost", {"DNS:other.example"}})),
                HasSubstr("hostname mismatch"));
}

TEST_F(TlsTest, refuses_expired_and_future_certificates) {
    EXPECT_THAT(refusal(authority().issue({"localhost", {"DNS:localhost"}, hours(-2), hours(-1)})),
                HasSubstr("certificate has expired (or this machine's clock is wrong)"));
    EXPECT_THAT(refusal(authority().issue({"localhost", {"DNS:localhost"}, hours(1), hours(2)})),
                HasSubstr("not yet valid"));
}

TEST_F(TlsTest, refuses_certificates_that_nobody_trusted_has_signed) {
    EXPECT_THAT(refusal(Authority::self_signed({})),
                HasSubstr("self-signed certificate (is its authority in tls.ca_file?)"));
    const Authority other("other authority");
    EXPECT_THAT(refusal(other.issue({})), HasSubstr("unable to get local issuer certificate"));
}

TEST_F(TlsTest, trusts_the_system_where_no_authority_is_given) {
    const TestServer server(Trust::shared().server, answer);
    Endpoint endpoint = to(server);
    endpoint.trust.ca_file.clear();
    EXPECT_THAT(failure(endpoint).error.message(), HasSubstr("certificate not accepted"));

    ::setenv("SSL_CERT_FILE", endpoint_.trust.ca_file.c_str(), 1);
    const Exchange exchanged = exchange(endpoint, get());
    ::unsetenv("SSL_CERT_FILE");
    EXPECT_TRUE(exchanged) << exchanged.error().error.message();
}

TEST_F(TlsTest, refuses_tls_1_1) {
    support::ServerTls old = Trust::shared().server;
    old.only_tls_1_1 = true;
    const TestServer server(old, answer);
    const Failure failed = failure(to(server));
    EXPECT_EQ(failed.phase, Phase::handshake);
    EXPECT_FALSE(failed.sent);
    EXPECT_THAT(failed.error.message(), HasSubstr("TLS 1.2 or newer is needed"));
}

TEST_F(TlsTest, says_when_a_port_does_not_speak_tls) {
    const TestServer server([](ServerConnection& connection) {
        connection.write("HTTP/1.1 400 Bad Request\r\n\r\n");
        connection.wait_until_gone();
    });
    EXPECT_THAT(failure(to(server)).error.message(), HasSubstr("does this port speak TLS?"));
}

TEST_F(TlsTest, verifies_and_sends_the_server_name_that_was_given) {
    std::promise<std::string> name;
    const TestServer server({authority().issue({"x", {"DNS:api.example"}}), {}, false},
                            [&](ServerConnection& connection) {
                                name.set_value(connection.server_name());
                                answer(connection);
                            });
    Endpoint endpoint = to(server);
    endpoint.trust.server_name = "api.example";
    EXPECT_TRUE(exchange(endpoint, get()));
    EXPECT_EQ(name.get_future().get(), "api.example");
    EXPECT_EQ(looked_up_, std::vector<std::string>{"localhost"});
}

TEST_F(TlsTest, shows_its_certificate_to_servers_that_ask) {
    support::ServerTls strict = Trust::shared().server;
    strict.client_authority = authority().certificate();
    const TestServer server(strict, answer);
    const auto own = authority().issue({"client", {}});

    const Failure without = failure(to(server));
    EXPECT_THAT(without.error.message(), HasSubstr("tls.client_certificate"));

    Endpoint endpoint = to(server);
    endpoint.trust.client_certificate = file("client.pem", own.certificate);
    endpoint.trust.client_key = file("client.key", own.key);
    const Exchange exchanged = exchange(endpoint, get());
    EXPECT_TRUE(exchanged) << exchanged.error().error.message();
}

TEST_F(TlsTest, names_the_file_that_can_not_be_used) {
    const TestServer server(Trust::shared().server, answer);
    const auto words = [&](Tls tls) {
        Endpoint endpoint = to(server);
        endpoint.trust = std::move(tls);
        const Failure failed = failure(endpoint);
        EXPECT_EQ(failed.phase, Phase::prepare);
        EXPECT_EQ(failed.error.code(), Errc::misconfigured);
        EXPECT_FALSE(failed.sent);
        return failed.error.message();
    };
    const auto one = authority().issue({"client", {}});
    const auto two = authority().issue({"client", {}});
    const std::string certificate = file("one.pem", one.certificate);
    EXPECT_THAT(words({"/nowhere/ca.pem", "", "", ""}),
                HasSubstr("tls.ca_file /nowhere/ca.pem can't be read: No such file"));
    EXPECT_THAT(words({file("ca-bad.pem", "hello"), "", "", ""}),
                HasSubstr("ca-bad.pem can't be used"));
    EXPECT_THAT(words({"", certificate, "/nowhere/key", ""}),
                HasSubstr("tls.client_key /nowhere/key can't be read"));
    EXPECT_THAT(words({"", certificate, file("two.key", two.key), ""}), HasSubstr("two.key"));
    EXPECT_EQ(server.connections(), 0U);
}

TEST_F(TlsTest, reads_changed_files_anew) {
    const TestServer server(Trust::shared().server, answer);
    const Authority other("other authority");
    file("ca.pem", other.certificate());
    EXPECT_FALSE(exchange(server));
    file("ca.pem", authority().certificate());
    const Exchange exchanged = exchange(server);
    EXPECT_TRUE(exchanged) << exchanged.error().error.message();
}

}  // namespace
}  // namespace tokenbroker::upstream
