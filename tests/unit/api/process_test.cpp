#include "server_fixture.hpp"

namespace tokenbroker::api {
namespace {

using std::chrono::seconds;
using ProcessTest = ServerTest;

TEST_F(ProcessTest, is_alive_while_the_loop_runs) {
    start_server();
    EXPECT_EQ(get("/healthz"),
              "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 00:00:00 GMT\r\nContent-Type: text/plain; "
              "charset=utf-8\r\n"
              "Content-Length: 2\r\nCache-Control: no-store\r\n\r\nok");
}

TEST_F(ProcessTest, version_is_told) {
    start_server();
    EXPECT_EQ(body_of(get("/version")),
              R"({"version":"1.2.3","commit":"abcdef","build":"release"})");
}

TEST_F(ProcessTest, is_ready_once_every_account_is_loaded) {
    account->publish(7, "tok-1");
    broker.is_loaded = false;
    start_server();
    EXPECT_EQ(status_of(get("/readyz")), 503U);
    EXPECT_EQ(body_of(get("/readyz")), R"({"status":"starting","without_token":0,"failing":0})");
    broker.is_loaded = true;
    EXPECT_EQ(status_of(get("/readyz")), 200U);
    EXPECT_EQ(body_of(get("/readyz")), R"({"status":"ready","without_token":0,"failing":0})");
}

TEST_F(ProcessTest, is_degraded_by_what_will_go_dark) {
    account->publish(7, "tok-1");
    account->answer.login_state = "suspended";
    account->answer.expires_at = clock.now().wall + seconds(3600);
    broker.add("b");
    start_server();
    EXPECT_EQ(body_of(get("/readyz")), R"({"status":"degraded","without_token":1,"failing":1})");
    EXPECT_EQ(status_of(get("/readyz")), 200U);
    EXPECT_EQ(status_of(get("/readyz?strict=1")), 503U);
    broker.set_admins({allow_any()});
    EXPECT_EQ(body_of(get("/readyz")),
              R"({"status":"degraded","without_token":["b"],)"
              R"("failing":[{"account":"rossum-prod","expires_at":"2026-11-22T01:00:00Z"}]})");
    broker.remove("b");
    EXPECT_EQ(status_of(get("/readyz?strict=1")), 200U);
}

TEST_F(ProcessTest, an_account_on_demand_that_nobody_asked_for_degrades_nothing) {
    account->publish(7, "tok-1");
    const auto rests = broker.add("rests");
    rests->answer.on_demand = true;
    start_server();
    EXPECT_EQ(body_of(get("/readyz")), R"({"status":"ready","without_token":0,"failing":0})");
    const std::string strict = get("/readyz?strict=1");
    EXPECT_EQ(status_of(strict), 503U) << "every account, whoever asked for it";
    EXPECT_EQ(body_of(strict), R"({"status":"degraded","without_token":1,"failing":0})");
    for (const char* state : {"in_progress", "backing_off", "throttled", "suspended"}) {
        rests->answer.login_state = state;
        rests->show();
        EXPECT_EQ(body_of(get("/readyz")), R"({"status":"degraded","without_token":1,"failing":0})")
            << state;
    }
    rests->answer.login_state = "idle";
    rests->answer.consecutive_failures = 1;
    rests->show();
    EXPECT_EQ(body_of(get("/readyz")), R"({"status":"degraded","without_token":1,"failing":0})")
        << "who asked last got nothing";
}

TEST_F(ProcessTest, metrics_of_accounts_are_for_admins) {
    account->publish(7, "tok-1");
    start_server();
    get("/v1/accounts/rossum-prod/token");
    const std::string mine = get("/metrics");
    EXPECT_NE(mine.find("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"),
              std::string::npos);
    EXPECT_NE(mine.find("\ntokenbroker_connections 1\n"), std::string::npos);
    EXPECT_EQ(mine.find("rossum-prod"), std::string::npos);
    broker.set_admins({allow_any()});
    EXPECT_NE(
        get("/metrics")
            .find("tokenbroker_token_requests_total{account=\"rossum-prod\",code=\"200\"} 1\n"),
        std::string::npos);
}

TEST_F(ProcessTest, paths_and_methods_that_are_not_there) {
    start_server();
    EXPECT_EQ(status_of(get("/")), 404U);
    EXPECT_NE(get("/nowhere").find(R"({"type":"/problems/not-found")"), std::string::npos);
    const std::string post_get = post("/healthz");
    EXPECT_EQ(status_of(post_get), 405U);
    EXPECT_NE(post_get.find("\r\nAllow: GET, HEAD\r\n"), std::string::npos);
    EXPECT_NE(post_get.find("/problems/method-not-allowed"), std::string::npos);
    EXPECT_NE(get("/v1/reload").find("\r\nAllow: POST\r\n"), std::string::npos);
    EXPECT_EQ(status_of(ask("DELETE /v1/accounts HTTP/1.1\r\n\r\n")), 405U);
    EXPECT_EQ(status_of(get("/healthz?x=1")), 400U);
    EXPECT_EQ(status_of(get("/%zz")), 400U);
}

TEST_F(ProcessTest, tcp_serves_metrics_and_health_and_never_a_token) {
    account->publish(7, "tok-1");
    const metrics::AccountHandle series = registry.account(account->name());
    start_server(true);
    const auto tcp = [this](const std::string& request) {
        Client client(metrics_port);
        return exchange(client, request);
    };
    EXPECT_EQ(status_of(tcp(get_request("/healthz"))), 200U);
    EXPECT_EQ(status_of(tcp(get_request("/readyz"))), 200U);
    EXPECT_NE(tcp(get_request("/metrics")).find("tokenbroker_token_valid{account=\"rossum-prod\"}"),
              std::string::npos)
        << "everything";
    for (const char* path :
         {"/v1/accounts/rossum-prod/token", "/v1/accounts", "/v1/accounts/rossum-prod", "/version",
          "/v1/accounts/rossum-prod/token/events", "/v1/accounts/rossum-prod/access"}) {
        const std::string answer = tcp(get_request(path));
        EXPECT_EQ(status_of(answer), 404U) << path;
        EXPECT_EQ(answer.find("tok-1"), std::string::npos);
    }
    EXPECT_EQ(status_of(tcp("POST /v1/reload HTTP/1.1\r\nHost: localhost\r\n\r\n")), 404U);
    // What the Unix socket's clients made known must not leak here either.
    EXPECT_EQ(status_of(get("/v1/accounts/rossum-prod/token")), 200U);
    EXPECT_EQ(status_of(tcp(get_request("/v1/accounts/rossum-prod/token"))), 404U);
}

TEST_F(ProcessTest, tcp_on_loopback_wants_to_be_named_so) {
    start_server(true);
    const auto with_host = [this](const std::string& host) {
        Client client(metrics_port);
        return status_of(exchange(client, "GET /healthz HTTP/1.1\r\n" + host + "\r\n"));
    };
    EXPECT_EQ(with_host("Host: localhost\r\n"), 200U);
    EXPECT_EQ(with_host("Host: LocalHost:9464\r\n"), 200U);
    EXPECT_EQ(with_host("Host: 127.0.0.1:1\r\n"), 200U);
    EXPECT_EQ(with_host("Host: [::1]:9464\r\n"), 200U);
    EXPECT_EQ(with_host("Host: [::1]\r\n"), 200U);
    for (const char* host : {"Host: evil.example\r\n", "Host: localhost.evil.example\r\n",
                             "Host: 127.0.0.1.nip.io\r\n", "Host:\r\n", "",
                             "Host: localhost:80:80\r\n", "Host: localhost:a\r\n", "Host: ::1\r\n",
                             "Host: localhost\r\nHost: localhost\r\n", "Host: 127.0.0.2\r\n"}) {
        EXPECT_EQ(with_host(host), 421U) << host;
    }
}

}  // namespace
}  // namespace tokenbroker::api
