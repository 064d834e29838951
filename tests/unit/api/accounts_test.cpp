#include "server_fixture.hpp"

namespace tokenbroker::api {
namespace {

using std::chrono::seconds;
using AccountsTest = ServerTest;

const std::string untouched =
    R"({"account":"rossum-prod","recipe":"rossum","upstream":"https://mycompany.rossum.app",)"
    R"("token":{"state":"none"},"login":{"state":"idle","waiting_for":null,"consecutive_failures":0,)"
    R"("last_attempt_at":null,"last_error":null,"retry_at":null,"budget":{"limit":5,"per":"1h","left":4}}})";

TEST_F(AccountsTest, one_is_shown_as_documented) {
    start_server();
    EXPECT_EQ(body_of(get("/v1/accounts/rossum-prod")), untouched);
}

TEST_F(AccountsTest, every_member_is_shown_where_it_has_a_value) {
    broker::AccountStatus& status = account->answer;
    status.token_state = "valid";
    status.issued_at = clock.now().wall;
    status.expires_at = clock.now().wall + std::chrono::hours(162);
    status.expiry_source = "requested";
    status.generation = 1795305600;
    status.refresh_at = clock.now().wall + seconds(60);
    status.token_note = "the login's token is served";
    status.login_state = "backing_off";
    status.waiting_for = "realm_budget";
    status.consecutive_failures = 2;
    status.last_attempt_at = clock.now().wall;
    status.last_error =
        broker::LastError{"unavailable", "connect", std::nullopt, "no \"route\"", clock.now().wall};
    status.retry_at = clock.now().wall + seconds(15);
    status.sinks.push_back({"/run/x/token", "failed", "No space left on device", std::nullopt});
    start_server();
    EXPECT_EQ(
        body_of(get("/v1/accounts/rossum-prod")),
        R"({"account":"rossum-prod","recipe":"rossum","upstream":"https://mycompany.rossum.app",)"
        R"("token":{"state":"valid","issued_at":"2026-11-22T00:00:00Z","expires_at":"2026-11-28T18:00:00Z",)"
        R"("expiry_source":"requested","generation":1795305600,"refresh_at":"2026-11-22T00:01:00Z",)"
        R"("note":"the login's token is served"},)"
        R"("login":{"state":"backing_off","waiting_for":"realm_budget","consecutive_failures":2,)"
        R"("last_attempt_at":"2026-11-22T00:00:00Z","last_error":{"kind":"unavailable","step":"connect",)"
        R"("status":null,"message":"no \"route\"","at":"2026-11-22T00:00:00Z"},)"
        R"("retry_at":"2026-11-22T00:00:15Z","budget":{"limit":5,"per":"1h","left":4}},)"
        R"("sinks":[{"path":"/run/x/token","state":"failed","last_error":"No space left on device",)"
        R"("last_command":null}]})");
}

TEST_F(AccountsTest, the_list_has_what_the_peer_may_use_by_name) {
    broker.add("b-not-mine");
    broker.add("a-mine")->set_allow({allow_any()});
    start_server();
    const std::string mine = body_of(get("/v1/accounts"));
    const std::size_t first = mine.find("a-mine");
    const std::size_t second = mine.find("rossum-prod");
    EXPECT_EQ(mine.find(R"({"accounts":[{"account":"a-mine")"), 0U);
    EXPECT_LT(first, second);
    EXPECT_EQ(mine.find("b-not-mine"), std::string::npos);
    EXPECT_EQ(status_of(get("/v1/accounts/b-not-mine")), 403U);
    broker.set_admins({allow_any()});
    EXPECT_NE(body_of(get("/v1/accounts")).find("b-not-mine"), std::string::npos);
}

TEST_F(AccountsTest, nobodys_list_is_empty) {
    account->set_allow({});
    start_server();
    EXPECT_EQ(body_of(get("/v1/accounts")), R"({"accounts":[]})");
}

TEST_F(AccountsTest, neither_form_has_a_token) {
    account->publish(7, "tok-secret");
    start_server();
    EXPECT_EQ(get("/v1/accounts").find("tok-secret"), std::string::npos);
    EXPECT_EQ(get("/v1/accounts/rossum-prod").find("tok-secret"), std::string::npos);
}

TEST_F(AccountsTest, what_happens_to_an_account_shows_in_the_list_at_once) {
    start_server();
    EXPECT_NE(body_of(get("/v1/accounts")).find(R"("state":"none")"), std::string::npos);
    account->publish(7, "tok-secret");
    EXPECT_NE(body_of(get("/v1/accounts")).find(R"("state":"valid")"), std::string::npos);
    account->lose();
    EXPECT_NE(body_of(get("/v1/accounts")).find(R"("state":"none")"), std::string::npos);
}

TEST_F(AccountsTest, what_time_alone_changes_shows_in_the_list_within_a_second) {
    start_server();
    get("/v1/accounts");
    account->answer.budget_left = 3;
    clock.advance(std::chrono::seconds(1));
    EXPECT_NE(body_of(get("/v1/accounts")).find(R"("left":3)"), std::string::npos);
}

TEST_F(AccountsTest, an_account_is_looked_at_once_for_all_lists_and_for_readyz) {
    start_server();
    const unsigned before = account->looks;
    for (int i = 0; i < 10; ++i) {
        get("/v1/accounts");
        get("/readyz");
    }
    EXPECT_EQ(account->looks, before + 1);
}

TEST_F(AccountsTest, a_changed_allow_list_shows_in_the_list_of_an_open_connection) {
    start_server();
    Client client = connect();
    EXPECT_NE(exchange(client, get_request("/v1/accounts")).find("rossum-prod"), std::string::npos);
    account->set_allow({});
    EXPECT_EQ(exchange(client, get_request("/v1/accounts")).find("rossum-prod"), std::string::npos);
}

}  // namespace
}  // namespace tokenbroker::api
