#include "server_fixture.hpp"

namespace tokenbroker::api {
namespace {

struct AdminTest : ServerTest {
    AdminTest() {
        broker.set_admins({allow_any()});
        start_server();
    }
};

TEST_F(AdminTest, refresh_is_accepted_at_once_or_done_in_time) {
    const std::string accepted = post("/v1/accounts/rossum-prod/refresh");
    EXPECT_EQ(status_of(accepted), 202U);
    EXPECT_EQ(account->asked, "refresh 0s");
    EXPECT_EQ(body_of(accepted), body_of(get("/v1/accounts/rossum-prod")));
    account->admin_outcome = broker::AdminOutcome::done;
    EXPECT_EQ(status_of(post("/v1/accounts/rossum-prod/refresh?wait=30s")), 200U);
    EXPECT_EQ(account->asked, "refresh 30s");
}

TEST_F(AdminTest, needs_no_length_without_a_body) {
    EXPECT_EQ(status_of(ask("POST /v1/accounts/rossum-prod/refresh HTTP/1.1\r\n\r\n")), 202U);
}

TEST_F(AdminTest, refresh_without_budget_says_when) {
    account->denial = broker::Denial::throttled;
    account->retry_after = std::chrono::minutes(12);
    const std::string answer = post("/v1/accounts/rossum-prod/refresh");
    EXPECT_EQ(status_of(answer), 503U);
    EXPECT_NE(answer.find("/problems/login-throttled"), std::string::npos);
    EXPECT_NE(answer.find("\r\nRetry-After: 720\r\n"), std::string::npos);
}

TEST_F(AdminTest, resume_may_clear_a_throttle_and_is_logged) {
    EXPECT_EQ(status_of(post("/v1/accounts/rossum-prod/resume")), 202U);
    EXPECT_EQ(account->asked, "resume keep 0s");
    EXPECT_EQ(status_of(post("/v1/accounts/rossum-prod/resume?clear_throttle=1&wait=2")), 202U);
    EXPECT_EQ(account->asked, "resume clear 2s");
    EXPECT_EQ(log.count("admin_request"), 2U);
    EXPECT_NE(
        log.text().find("request=resume clear_throttle=true uid=" + std::to_string(::getuid())),
        std::string::npos);
}

TEST_F(AdminTest, revoke_needs_a_recipe_that_can) {
    account->admin_outcome = broker::AdminOutcome::done;
    EXPECT_EQ(status_of(post("/v1/accounts/rossum-prod/revoke?wait=5s")), 200U);
    EXPECT_EQ(account->asked, "revoke 5s");
    account->denial = broker::Denial::no_revoke;
    EXPECT_EQ(status_of(post("/v1/accounts/rossum-prod/revoke")), 409U);
}

TEST_F(AdminTest, reload_says_what_changed) {
    administration.reply.changed = {"account b: added"};
    administration.reply.restart_needed = {"socket.mode"};
    const std::string answer = post("/v1/reload");
    EXPECT_EQ(status_of(answer), 200U);
    EXPECT_EQ(body_of(answer),
              R"({"changed":["account b: added"],"restart_needed":["socket.mode"],"warnings":[]})");
}

TEST_F(AdminTest, reload_with_mistakes_lists_them_all) {
    administration.reply.mistakes = {{{"/etc/t.yaml", 3, 5}, "unknown key"},
                                     {{"/etc/t.yaml", 9, 1}, "wrong type"}};
    const std::string answer = post("/v1/reload");
    EXPECT_EQ(status_of(answer), 422U);
    EXPECT_EQ(
        body_of(answer),
        R"({"type":"/problems/configuration","title":"The configuration has mistakes","status":422,)"
        R"("detail":"nothing was changed; the running configuration stays","mistakes":[)"
        R"({"file":"/etc/t.yaml","line":3,"column":5,"message":"unknown key"},)"
        R"({"file":"/etc/t.yaml","line":9,"column":1,"message":"wrong type"}]})");
}

TEST_F(AdminTest, is_for_admins_alone) {
    broker.set_admins({});
    for (const char* path :
         {"/v1/accounts/rossum-prod/refresh", "/v1/accounts/rossum-prod/resume",
          "/v1/accounts/rossum-prod/revoke", "/v1/reload", "/v1/accounts/no-such/refresh"}) {
        EXPECT_EQ(status_of(post(path)), 403U) << path;
    }
    EXPECT_EQ(account->asked, "");
}

}  // namespace
}  // namespace tokenbroker::api
