#include "server_fixture.hpp"

#include <algorithm>

namespace tokenbroker::api {
namespace {

using std::chrono::seconds;
using TokenTest = ServerTest;

const std::string target = "/v1/accounts/rossum-prod/token";
const std::string body =
    R"({"account":"rossum-prod","access_token":"tok-1","token_type":"Bearer",)"
    R"("header":{"name":"Authorization","value":"Bearer tok-1"},)"
    R"("issued_at":"2026-11-22T00:00:00Z","expires_at":"2026-11-22T01:00:00Z",)"
    R"("expiry_source":"requested","generation":7})";

TEST_F(TokenTest, is_answered_byte_for_byte_as_documented) {
    account->publish(7, "tok-1");
    start_server();
    EXPECT_EQ(get(target),
              "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 00:00:00 GMT\r\nContent-Type: "
              "application/json\r\n"
              "Content-Length: " +
                  std::to_string(body.size()) +
                  "\r\nETag: \"7\"\r\nCache-Control: no-store\r\nVary: Accept\r\n\r\n" + body);
}

TEST_F(TokenTest, the_bare_token_is_for_who_names_text_and_not_json) {
    account->publish(7, "tok-1");
    start_server();
    EXPECT_EQ(get(target, "Accept: text/plain\r\n"),
              "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 00:00:00 GMT\r\nContent-Type: text/plain; "
              "charset=utf-8\r\n"
              "Content-Length: 5\r\nETag: \"7-text\"\r\nCache-Control: no-store\r\nVary: "
              "Accept\r\n\r\ntok-1");
    EXPECT_EQ(body_of(get(target, "Accept: text/plain, application/json\r\n")), body);
    EXPECT_EQ(body_of(get(target, "Accept: */*\r\n")), body);
    EXPECT_EQ(body_of(get(target, "Accept: text/*\r\n")), body);
    EXPECT_EQ(body_of(get(target, "Accept: text/html, text/plain;q=0.1\r\n")), "tok-1");
}

TEST_F(TokenTest, known_requests_are_answered_as_new_ones_are) {
    account->publish(7, "tok-1");
    start_server();
    const std::vector<std::string> requests{get_request(target),
                                            get_request(target, "Accept: text/plain\r\n"),
                                            get_request(target + "?min_ttl=30m"),
                                            get_request(target, "Connection: close\r\n"),
                                            "HEAD " + target + " HTTP/1.1\r\n\r\n",
                                            "GET " + target + " HTTP/1.0\r\n\r\n"};
    for (const std::string& request : requests) {
        const std::string first = ask(request);
        EXPECT_EQ(status_of(first), 200U);
        EXPECT_EQ(ask(request), first) << request;
        EXPECT_EQ(ask(request), first) << request;
    }
    account->publish(8, "tok-2");
    EXPECT_NE(get(target).find("tok-2"), std::string::npos) << "the next request sees a rotation";
    account->lose();
    EXPECT_EQ(get(target), "") << "it waits for a token";
    account->set_allow({});
    EXPECT_EQ(status_of(get(target)), 403U);
}

TEST_F(TokenTest, the_date_follows_the_clock) {
    account->publish(7, "tok-1");
    start_server();
    clock.advance(Milliseconds(61'500));
    EXPECT_NE(get(target).find("\r\nDate: Sun, 22 Nov 2026 00:01:01 GMT\r\n"), std::string::npos);
}

TEST_F(TokenTest, head_is_get_without_the_body) {
    account->publish(7, "tok-1");
    start_server();
    const std::string head = ask("HEAD " + target + " HTTP/1.1\r\n\r\n");
    EXPECT_EQ(head + body, get(target));
}

TEST_F(TokenTest, not_modified_is_told_by_the_tag_of_the_form_asked_for) {
    account->publish(7, "tok-1");
    start_server();
    EXPECT_EQ(get(target, "If-None-Match: \"6\", W/\"7\"\r\n"),
              "HTTP/1.1 304 Not Modified\r\nDate: Sun, 22 Nov 2026 00:00:00 GMT\r\nETag: \"7\"\r\n"
              "Cache-Control: no-store\r\nVary: Accept\r\n\r\n");
    EXPECT_EQ(status_of(get(target, "If-None-Match: *\r\n")), 304U);
    EXPECT_EQ(status_of(get(target, "If-None-Match: \"7-text\"\r\n")), 200U);
    EXPECT_EQ(status_of(get(target, "Accept: text/plain\r\nIf-None-Match: \"7-text\"\r\n")), 304U);
    EXPECT_EQ(status_of(get(target, "Accept: text/plain\r\nIf-None-Match: \"7\"\r\n")), 200U);
    EXPECT_EQ(status_of(get(target, "If-None-Match: \"6\"\r\nIf-None-Match: \"7\"\r\n")), 304U);
}

TEST_F(TokenTest, a_call_waits_for_the_token_as_long_as_it_says) {
    start_server();
    Client client = connect();
    EXPECT_EQ(exchange(client, get_request(target + "?wait=10s&min_ttl=1m")), "");
    EXPECT_EQ(account->asked, "get 1m 10s");
    EXPECT_EQ(registry.process().waiting_calls, 1U);
    clock.advance(seconds(9));
    EXPECT_EQ(client.receive(), "");
    account->publish(7, "tok-1");
    clock.settle();
    EXPECT_EQ(body_of(client.receive()), body_of(get(target)));
    EXPECT_EQ(registry.process().waiting_calls, 0U);
}

TEST_F(TokenTest, wait_defaults_to_five_seconds) {
    start_server();
    get(target);
    EXPECT_EQ(account->asked, "get 0s 5s");
}

TEST_F(TokenTest, without_a_token_in_time_says_why_and_when) {
    account->answer.login_state = "throttled";
    account->answer.waiting_for = "upstream";
    account->answer.retry_at = clock.now().wall + seconds(90);
    account->answer.last_error =
        broker::LastError{"throttled", "login", 429, "slow down", clock.now().wall - seconds(1)};
    account->retry_after = Milliseconds(89'001);
    start_server();
    Client client = connect();
    client.send(get_request(target));
    clock.advance(seconds(5));
    const std::string problem =
        R"({"type":"/problems/token-unavailable","title":"No token now","status":503,)"
        R"("detail":"no token came in time","account":"rossum-prod","login":{"state":"throttled",)"
        R"("waiting_for":"upstream","last_error":{"kind":"throttled","step":"login","status":429,)"
        R"("message":"slow down","at":"2026-11-21T23:59:59Z"},"retry_at":"2026-11-22T00:01:30Z"}})";
    EXPECT_EQ(client.receive(),
              "HTTP/1.1 503 Service Unavailable\r\nDate: Sun, 22 Nov 2026 00:00:05 GMT\r\n"
              "Content-Type: application/problem+json\r\nContent-Length: " +
                  std::to_string(problem.size()) +
                  "\r\nCache-Control: no-store\r\nRetry-After: 90\r\n\r\n" + problem);
}

TEST_F(TokenTest, each_denial_has_its_problem) {
    struct Row {
        broker::Denial denial;
        unsigned status;
        const char* type;
        const char* retry;
    };
    start_server();
    for (const Row& row : {Row{broker::Denial::unavailable, 503, "/problems/token-unavailable", ""},
                           Row{broker::Denial::throttled, 503, "/problems/login-throttled", ""},
                           Row{broker::Denial::min_ttl_too_long, 400, "/problems/bad-request", ""},
                           Row{broker::Denial::removed, 404, "/problems/unknown-account", ""},
                           Row{broker::Denial::stopping, 503, "/problems/token-unavailable",
                               "Retry-After: 1\r\n"}}) {
        account->denial = row.denial;
        const std::string answer = get(target);
        EXPECT_EQ(status_of(answer), row.status);
        EXPECT_NE(answer.find(row.type), std::string::npos) << answer;
        EXPECT_EQ(answer.find("Retry-After") != std::string::npos, *row.retry != '\0') << answer;
        EXPECT_NE(answer.find(row.retry), std::string::npos) << answer;
    }
    account->denial = broker::Denial::throttled;
    account->retry_after = Milliseconds(3);
    EXPECT_NE(get(target).find("\r\nRetry-After: 1\r\n"), std::string::npos);
}

TEST_F(TokenTest, that_lives_too_short_is_asked_for_anew) {
    account->publish(7, "tok-1");
    start_server();
    EXPECT_EQ(status_of(get(target + "?min_ttl=59m")), 200U);
    EXPECT_EQ(account->asked, "");
    EXPECT_EQ(status_of(get(target + "?min_ttl=61m")), 200U) << "what the account gave in the end";
    EXPECT_EQ(account->asked, "get 61m 5s");
}

TEST_F(TokenTest, that_has_expired_is_never_served) {
    account->publish(7, "tok-1", seconds(10));
    start_server();
    EXPECT_EQ(status_of(get(target)), 200U);
    clock.advance(seconds(10));
    account->denial = broker::Denial::unavailable;
    EXPECT_EQ(status_of(get(target)), 503U);
}

TEST_F(TokenTest, rejection_tells_the_account_and_gives_its_answer) {
    account->publish(8, "tok-2");
    start_server();
    const std::string answer =
        post(target + "/rejected?wait=20s", R"({"generation": 7, "more": []})");
    EXPECT_EQ(account->asked, "rejected 7 20s");
    EXPECT_EQ(status_of(answer), 200U);
    EXPECT_EQ(body_of(answer), body_of(get(target)));
    account->denial = broker::Denial::unknown_generation;
    EXPECT_EQ(status_of(post(target + "/rejected", R"({"generation":99})")), 400U);
    account->denial = broker::Denial::throttled;
    EXPECT_NE(post(target + "/rejected", R"({"generation":8})").find("/problems/login-throttled"),
              std::string::npos);
}

TEST_F(TokenTest, rejection_needs_a_generation) {
    account->publish(8, "tok-2");
    start_server();
    for (const char* wrong :
         {"", "{}", "[]", "7", "null", "{\"generation\":\"8\"}", "{\"generation\":-1}",
          "{\"generation\":8.5}", "{\"generation\":1e3}", "{\"generation\":8", "\xFF"}) {
        EXPECT_EQ(status_of(post(target + "/rejected", wrong)), 400U) << wrong;
    }
    EXPECT_EQ(status_of(ask("POST " + target + "/rejected HTTP/1.1\r\n\r\n")), 411U);
    EXPECT_EQ(account->asked, "");
}

TEST_F(TokenTest, rejection_may_come_in_chunks) {
    account->publish(8, "tok-2");
    start_server();
    const std::string request = "POST " + target +
                                "/rejected HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                                "10\r\n{\"generation\": 7\r\n1\r\n}\r\n0\r\n\r\n";
    EXPECT_EQ(status_of(ask(request)), 200U);
    EXPECT_EQ(account->asked, "rejected 7 5s");
}

TEST_F(TokenTest, requests_are_counted_by_account_and_status) {
    account->publish(7, "tok-1");
    start_server();
    get(target);
    get(target);
    get(target, "If-None-Match: *\r\n");
    account->set_allow({});
    get(target);
    const auto series = registry.account(account->name());
    EXPECT_EQ(series->token_requests[200], 2U);
    EXPECT_EQ(series->token_requests[304], 1U);
    EXPECT_EQ(series->token_requests[403], 1U);
    EXPECT_EQ(series->handouts.all().at(::getuid()), 2U);
    std::uint64_t measured = 0;
    for (const std::uint64_t count : registry.process().request_duration.counts())
        measured += count;
    EXPECT_EQ(measured, 4U);
}

TEST_F(TokenTest, audit_logs_each_connection_account_and_generation_once) {
    account->publish(7, "tok-1");
    start_server();
    server->set_audit(true);
    Client client = connect();
    exchange(client, get_request(target));
    exchange(client, get_request(target));
    exchange(client, get_request(target, "Accept: text/plain\r\n"));
    EXPECT_EQ(log.count("token_handed_out"), 1U);
    account->publish(8, "tok-2");
    exchange(client, get_request(target));
    EXPECT_EQ(log.count("token_handed_out"), 2U);
    get(target);
    EXPECT_EQ(log.count("token_handed_out"), 3U);
    const std::string line = log.lines.back().text;
    EXPECT_NE(line.find(" account=rossum-prod generation=8 uid=" + std::to_string(::getuid())),
              std::string::npos);
    EXPECT_NE(line.find(" pid=" + std::to_string(::getpid())), std::string::npos);
    EXPECT_NE(line.find("unit_api"), std::string::npos) << "the executable";
    EXPECT_EQ(log.text().find("tok-"), std::string::npos);
}

TEST_F(TokenTest, a_client_that_leaves_ends_its_call_and_frees_its_place) {
    start_server();
    {
        Client client = connect();
        exchange(client, get_request(target + "?wait=60s"));
        EXPECT_EQ(account->waiting, 1U);
    }
    clock.settle();
    EXPECT_EQ(account->waiting, 0U);
    EXPECT_EQ(registry.process().waiting_calls, 0U);
    EXPECT_EQ(registry.process().connections, 0U);
}

TEST_F(TokenTest, a_half_closed_peer_gets_its_answer) {
    start_server();
    Client client = connect();
    client.send(get_request(target + "?wait=60s"));
    client.half_close();
    clock.advance(seconds(3));
    EXPECT_EQ(account->waiting, 1U);
    account->publish(7, "tok-1");
    clock.settle();
    EXPECT_EQ(body_of(client.receive()).find(R"({"account")"), 0U);
    EXPECT_TRUE(client.closed());
}

TEST_F(TokenTest, pipelined_requests_are_answered_in_order) {
    account->publish(7, "tok-1");
    start_server();
    Client client = connect();
    std::string requests;
    for (int i = 0; i < 50; ++i) {
        requests += get_request(target, "Accept: text/plain\r\n") + get_request("/healthz") +
                    get_request("/nowhere");
    }
    std::string order;
    std::string answers = exchange(client, requests);
    while (!answers.empty()) {
        const std::size_t end = std::min(answers.find("HTTP/1.1", 1), answers.size());
        const std::string one = answers.substr(0, end);
        answers.erase(0, end);
        order += body_of(one) == "tok-1" ? 't'
                 : body_of(one) == "ok"  ? 'h'
                 : status_of(one) == 404 ? 'n'
                                         : '?';
    }
    std::string expected;
    for (int i = 0; i < 50; ++i)
        expected += "thn";
    EXPECT_EQ(order, expected);
}

TEST_F(TokenTest, what_follows_a_waiting_call_is_answered_after_it) {
    start_server();
    Client client = connect();
    EXPECT_EQ(exchange(client, get_request(target) + get_request("/healthz")), "");
    EXPECT_EQ(exchange(client, get_request("/version")), "");
    account->publish(7, "tok-1");
    clock.settle();
    const std::string answers = client.receive();
    const std::size_t token = answers.find("tok-1");
    const std::size_t health = answers.find("\r\n\r\nok");
    const std::size_t version = answers.find("\"1.2.3\"");
    ASSERT_NE(version, std::string::npos) << answers;
    EXPECT_LT(token, health);
    EXPECT_LT(health, version);
}

TEST_F(TokenTest, an_account_that_is_replaced_is_another_account) {
    account->publish(7, "tok-1");
    start_server();
    Client client = connect();
    EXPECT_EQ(status_of(exchange(client, get_request(target))), 200U);
    broker.remove("rossum-prod");
    EXPECT_EQ(status_of(exchange(client, get_request(target))), 403U) << "it may use nothing now";
    account = broker.add("rossum-prod");
    account->publish(9, "tok-9");
    EXPECT_EQ(status_of(exchange(client, get_request(target))), 403U);
    account->set_allow({allow_any()});
    EXPECT_NE(exchange(client, get_request(target)).find("tok-9"), std::string::npos);
}

}  // namespace
}  // namespace tokenbroker::api
