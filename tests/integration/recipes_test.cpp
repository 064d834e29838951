#include "integration/world.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace tokenbroker::integration {
namespace {

std::string error_kind(const World& world, const std::string& account) {
    const auto error = member(world.daemon.status(account), "login", "last_error");
    return error.is_null() ? "" : text(error.at("kind"));
}
std::string error_message(const World& world, const std::string& account) {
    return text(member(world.daemon.status(account), "login", "last_error", "message"));
}

// The status that an upstream's endpoint answers to the token as the broker says it is to be sent.
int use(const World& world, const HttpAnswer& answer, const std::string& path) {
    const auto header = body_of(answer).at("header");
    const Ran ran = run({"/usr/bin/curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert",
                         world.sandbox.ca_file(), "-H",
                         text(header.at("name")) + ": " + text(header.at("value")),
                         world.sandbox.url() + path});
    return ran.output.empty() ? 0 : std::stoi(ran.output);
}

TEST(Recipes, oz_service_user_gets_a_token_of_years_that_works) {
    World world;
    world.start({Account{.name = "oz", .recipe = "oz"}});
    const HttpAnswer answer = world.daemon.token("oz");
    ASSERT_EQ(answer.status, 200) << answer.body << world.daemon.log();
    EXPECT_EQ(text(body_of(answer).at("header").at("name")), "X-Forensic-Access-Token");
    EXPECT_EQ(text(body_of(answer).at("token_type")), "custom");
    EXPECT_EQ(text(body_of(answer).at("expiry_source")), "stated");
    EXPECT_EQ(use(world, answer, "/api/folders/"), 200);
    EXPECT_EQ(world.sandbox.count("oz.login").requests, 1U);
}

TEST(Recipes, oz_account_of_fifteen_minutes_refreshes_without_a_login) {
    World world({"--oz-session-ttl", "4s"});
    world.start({Account{.name = "oz", .recipe = "oz", .username = "operator@oz.example"}},
                impatient);
    const auto first = generation_of(world.daemon.token("oz"));
    ASSERT_TRUE(eventually(15s, [&] { return world.sandbox.count("oz.refresh").ok >= 2; }))
        << world.daemon.log();
    const HttpAnswer last = world.daemon.token("oz");
    EXPECT_GT(generation_of(last), first);
    EXPECT_EQ(use(world, last, "/api/folders/"), 200);
    EXPECT_EQ(world.sandbox.count("oz.login").requests, 1U);
}

TEST(Recipes, oz_new_pair_is_sealed_before_anybody_gets_it) {
    World world({"--oz-session-ttl", "5s"});
    world.start({Account{.name = "oz", .recipe = "oz", .username = "operator@oz.example"}},
                impatient);
    auto last = generation_of(world.daemon.token("oz"));
    for (int round = 0; round < 3; ++round) {
        ASSERT_TRUE(
            eventually(10s, [&] { return generation_of(world.daemon.token("oz")) != last; }));
        // Killed the moment the new token is seen: the next start can go on refreshing from its
        // pair.
        const HttpAnswer seen = world.daemon.token("oz");
        world.daemon.kill();
        EXPECT_EQ(use(world, seen, "/api/folders/"), 200);
        world.daemon.start();
        EXPECT_EQ(token_of(world.daemon.token("oz", "?wait=0s")), token_of(seen));
        last = generation_of(seen);
    }
    EXPECT_EQ(world.sandbox.count("oz.login").requests, 1U);
}

TEST(Recipes, oz_refresh_that_is_refused_falls_back_to_a_login) {
    for (
        const char* fault :
        {R"("status": 400, "body": {"error_code": 3, "error_message": "Could not locate field", "details": null})",
         R"("status": 401, "body": {"error_code": 7, "error_message": "Session not found", "details": null})",
         R"("status": 403, "body": {"error_code": 9, "error_message": "You have not access to refresh this session", "details": null})"}) {
        World world({"--oz-session-ttl", "3s"});
        world.sandbox.fault(std::string(R"({"endpoint": "oz.refresh", "do": "status", )") + fault +
                            "}");
        world.start({Account{.name = "oz", .recipe = "oz", .username = "operator@oz.example"}},
                    impatient);
        EXPECT_TRUE(eventually(10s, [&] { return world.sandbox.count("oz.login").ok == 2; }))
            << fault;
        EXPECT_EQ(world.daemon.token("oz").status, 200);
    }
}

TEST(Recipes, oz_expire_date_is_read_in_each_form) {
    for (const char* form : {"float", "integer", "text", "rfc3339"}) {
        World world({"--oz-expire-date", form});
        world.start({Account{.name = "oz", .recipe = "oz", .username = "operator@oz.example"}},
                    impatient);
        EXPECT_EQ(world.daemon.token("oz").status, 200) << form;
    }
}

TEST(Recipes, oz_expiry_in_the_past_is_not_served) {
    World world({"--oz-expire-date-skew", "-1h"});
    world.start({Account{.name = "oz", .recipe = "oz", .username = "operator@oz.example"}});
    EXPECT_EQ(world.daemon.token("oz", "?wait=2s").status, 503);
    EXPECT_EQ(world.sandbox.count("oz.login").requests, 1U);
}

TEST(Recipes, oz_trailing_slash_is_an_input) {
    World world({"--oz-slash", "required"});
    world.start({Account{.name = "without", .recipe = "oz"},
                 Account{.name = "with", .recipe = "oz", .inputs = "trailing_slash: true"}});
    EXPECT_EQ(world.daemon.token("with").status, 200);
    EXPECT_EQ(world.daemon.token("without", "?wait=1s").status, 503);
    EXPECT_EQ(error_kind(world, "without"), "unexpected");
}

TEST(Recipes, oz_service_token_of_both_generations) {
    World six;
    six.start({Account{.name = "oz",
                       .recipe = "oz-service-token",
                       .inputs = "user_id: 00000000-0000-4000-8000-000000000002"}});
    const HttpAnswer answer = six.daemon.token("oz");
    ASSERT_EQ(answer.status, 200) << six.daemon.log();
    EXPECT_EQ(use(six, answer, "/api/folders/"), 200);

    World five({"--oz-api", "5", "--oz-service-token-method", "POST"});
    five.start({Account{
        .name = "oz", .recipe = "oz-service-token", .inputs = "api: \"5\", method: POST"}});
    EXPECT_EQ(five.daemon.token("oz").status, 200) << five.daemon.log();
}

TEST(Recipes, oz_admin_s_own_token_is_never_sealed_and_a_failed_step_costs_no_login) {
    World world;
    world.sandbox.fault(
        R"({"endpoint": "oz.service_token", "do": "status", "status": 500, "times": 2})");
    world.start({Account{.name = "oz",
                         .recipe = "oz-service-token",
                         .inputs = "user_id: 00000000-0000-4000-8000-000000000002"}},
                impatient);
    EXPECT_EQ(world.daemon.token("oz", "?wait=20s").status, 200);
    EXPECT_EQ(world.sandbox.count("oz.login").requests, 1U);
    EXPECT_EQ(world.sandbox.count("oz.service_token").requests, 3U);
}

struct ErrorBody {
    const char* name;
    const char* recipe;
    const char* endpoint;
    const char* fault;  // members of it
    const char* kind;   // last_error.kind
    const char* state;  // login.state
};

class DocumentedError : public ::testing::TestWithParam<ErrorBody> {};

TEST_P(DocumentedError, means_what_the_vendor_says) {
    const ErrorBody& row = GetParam();
    World world;
    world.sandbox.fault(std::string(R"({"do": "status", "times": 0, "endpoint": ")") +
                        row.endpoint + "\", " + row.fault + "}");
    Account account{.name = "a", .recipe = row.recipe};
    if (account.recipe == "oz-service-token")
        account.inputs = "user_id: 00000000-0000-4000-8000-000000000002";
    world.start({account});
    ASSERT_TRUE(eventually(5s, [&] { return !error_kind(world, "a").empty(); }))
        << world.daemon.log();
    EXPECT_EQ(error_kind(world, "a"), row.kind) << error_message(world, "a");
    EXPECT_EQ(world.daemon.login_state("a"), row.state);
    EXPECT_EQ(world.daemon.token("a", "?wait=0s").status, 503);
    EXPECT_EQ(world.sandbox.count(row.endpoint).requests, 1U);
}

#define OZ_ERROR(code, text) \
    "\"body\": {\"error_code\": " #code ", \"error_message\": \"" text "\", \"details\": null}"

INSTANTIATE_TEST_SUITE_P(
    Vendors, DocumentedError,
    ::testing::Values(
        ErrorBody{"rossum_400", "rossum", "rossum.login",
                  R"("status": 400, "body": {"password": ["This field may not be blank."]})",
                  "refused", "suspended"},
        ErrorBody{"rossum_401", "rossum", "rossum.login",
                  R"("status": 401, "body": {"detail": "Invalid username/password."})", "refused",
                  "suspended"},
        ErrorBody{"rossum_403", "rossum", "rossum.login",
                  R"("status": 403, "body": {"detail": "Insufficient permission."})", "refused",
                  "suspended"},
        ErrorBody{"rossum_403_of_a_gateway", "rossum", "rossum.login",
                  R"("status": 403, "body": "<html>Forbidden</html>")", "unexpected",
                  "backing_off"},
        ErrorBody{"rossum_404", "rossum", "rossum.login",
                  R"("status": 404, "body": {"detail": "Not found."})", "unexpected",
                  "backing_off"},
        ErrorBody{"rossum_429", "rossum", "rossum.login",
                  R"("status": 429, "retry_after": 10, "body": {"detail": "Too many requests"})",
                  "throttled", "throttled"},
        ErrorBody{"rossum_500", "rossum", "rossum.login",
                  R"("status": 500, "body": {"detail": "Try again later."})", "unavailable",
                  "backing_off"},
        ErrorBody{"rossum_503", "rossum", "rossum.login",
                  R"("status": 503, "body": {"detail": "temporarily offline for maintenance."})",
                  "unavailable", "backing_off"},
        ErrorBody{"oz_0_unknown", "oz", "oz.login",
                  R"("status": 500, )" OZ_ERROR(0, "Unknown server side error occurred"),
                  "unavailable", "backing_off"},
        ErrorBody{"oz_1_not_allowed", "oz", "oz.login",
                  R"("status": 405, )" OZ_ERROR(1, "Not allowed"), "unexpected", "backing_off"},
        ErrorBody{"oz_2_not_realized", "oz", "oz.login",
                  R"("status": 501, )" OZ_ERROR(2, "Not realized"), "unavailable", "backing_off"},
        ErrorBody{"oz_3_invalid_structure", "oz", "oz.login",
                  R"("status": 400, )" OZ_ERROR(3, "Invalid structure"), "refused", "suspended"},
        ErrorBody{"oz_4_invalid_value", "oz", "oz.login",
                  R"("status": 400, )" OZ_ERROR(4, "Invalid value"), "refused", "suspended"},
        ErrorBody{"oz_5_invalid_type", "oz", "oz.login",
                  R"("status": 400, )" OZ_ERROR(5, "Invalid type"), "refused", "suspended"},
        ErrorBody{"oz_6_not_provided", "oz", "oz.login",
                  R"("status": 401, )" OZ_ERROR(6, "Access token not specified."), "refused",
                  "suspended"},
        ErrorBody{"oz_7_invalid", "oz", "oz.login",
                  R"("status": 401, )" OZ_ERROR(7, "Invalid credentials value"), "refused",
                  "suspended"},
        ErrorBody{"oz_7_with_status_200", "oz", "oz.login",
                  R"("status": 200, )" OZ_ERROR(7, "Invalid credentials value"), "refused",
                  "suspended"},
        ErrorBody{"oz_8_expired", "oz", "oz.login",
                  R"("status": 401, )" OZ_ERROR(8, "Auth token is expired."), "refused",
                  "suspended"},
        ErrorBody{"oz_9_forbidden", "oz", "oz.login",
                  R"("status": 403, )" OZ_ERROR(9, "Access denied for the current user."),
                  "refused", "suspended"},
        ErrorBody{"oz_10_not_exist", "oz", "oz.login",
                  R"("status": 404, )" OZ_ERROR(10, "User does not exist"), "refused", "suspended"},
        ErrorBody{"oz_11_external", "oz", "oz.login",
                  R"("status": 500, )" OZ_ERROR(11, "External service"), "unavailable",
                  "backing_off"},
        ErrorBody{"oz_0_with_status_400", "oz", "oz.login",
                  R"("status": 400, )" OZ_ERROR(0, "Unknown"), "unavailable", "backing_off"},
        ErrorBody{"oz_admin_9_at_service_token", "oz-service-token", "oz.service_token",
                  R"("status": 403, )" OZ_ERROR(9, "Access denied for the current user."),
                  "refused", "suspended"},
        ErrorBody{"oz_admin_10_at_service_token", "oz-service-token", "oz.service_token",
                  R"("status": 404, )" OZ_ERROR(10, "User does not exist"), "refused", "suspended"},
        ErrorBody{"oauth_invalid_client", "oauth2-client-credentials", "oauth.token",
                  R"("status": 401, "body": {"error": "invalid_client"})", "refused", "suspended"},
        ErrorBody{"oauth_invalid_grant", "oauth2-password", "oauth.token",
                  R"("status": 400, "body": {"error": "invalid_grant"})", "refused", "suspended"},
        ErrorBody{"oauth_invalid_request", "oauth2-client-credentials", "oauth.token",
                  R"("status": 400, "body": {"error": "invalid_request"})", "refused", "suspended"},
        ErrorBody{"oauth_invalid_scope", "oauth2-client-credentials", "oauth.token",
                  R"("status": 400, "body": {"error": "invalid_scope"})", "refused", "suspended"},
        ErrorBody{"oauth_unauthorized_client", "oauth2-password", "oauth.token",
                  R"("status": 400, "body": {"error": "unauthorized_client"})", "refused",
                  "suspended"},
        ErrorBody{"oauth_unsupported_grant_type", "oauth2-password", "oauth.token",
                  R"("status": 400, "body": {"error": "unsupported_grant_type"})", "refused",
                  "suspended"},
        ErrorBody{"oauth_temporarily_unavailable", "oauth2-client-credentials", "oauth.token",
                  R"("status": 400, "body": {"error": "temporarily_unavailable"})", "unavailable",
                  "backing_off"},
        ErrorBody{"oauth_server_error", "oauth2-client-credentials", "oauth.token",
                  R"("status": 400, "body": {"error": "server_error"})", "unavailable",
                  "backing_off"},
        ErrorBody{"oauth_refresh_invalid_grant", "oauth2-refresh-token", "oauth.token",
                  R"("status": 400, "body": {"error": "invalid_grant"})", "refused", "suspended"}),
    [](const auto& parameter) { return std::string(parameter.param.name); });

TEST(Recipes, oauth_client_credentials_by_both_authentications) {
    for (const std::string way : {"basic", "post"}) {
        World world({"--oauth-authentication", way});
        world.start({Account{.name = "oauth",
                             .recipe = "oauth2-client-credentials",
                             .inputs = "scope: read, authentication: " + way}});
        const HttpAnswer answer = world.daemon.token("oauth");
        ASSERT_EQ(answer.status, 200) << way << world.daemon.log();
        EXPECT_EQ(text(body_of(answer).at("expiry_source")), "stated");
        EXPECT_EQ(use(world, answer, "/oauth2/userinfo"), 200);
    }
}

TEST(Recipes, oauth_expires_in_as_text_or_absent) {
    World as_text({"--oauth-expires-in", "text"});
    as_text.start({Account{.name = "oauth", .recipe = "oauth2-client-credentials"}});
    EXPECT_EQ(text(body_of(as_text.daemon.token("oauth")).at("expiry_source")), "stated");

    World absent({"--oauth-expires-in", "absent"});
    const double before = now_seconds();
    absent.start({Account{.name = "oauth",
                          .recipe = "oauth2-client-credentials",
                          .inputs = "default_lifetime: 90s"}});
    const auto body = body_of(absent.daemon.token("oauth"));
    EXPECT_EQ(text(body.at("expiry_source")), "assumed");
    EXPECT_LT(now_seconds() - before, 60);
}

TEST(Recipes, oauth_password) {
    World world;
    world.start({Account{.name = "oauth", .recipe = "oauth2-password"}});
    EXPECT_EQ(use(world, world.daemon.token("oauth"), "/oauth2/userinfo"), 200);
}

TEST(Recipes, oauth_refresh_tokens_rotate_and_the_newest_survives_a_kill) {
    World world({"--oauth-lifetime", "4s"});
    world.start({Account{.name = "oauth", .recipe = "oauth2-refresh-token"}}, impatient);
    auto last = generation_of(world.daemon.token("oauth"));
    for (int round = 0; round < 3; ++round) {
        ASSERT_TRUE(eventually(10s, [&] {
            const HttpAnswer answer = world.daemon.token("oauth", "?wait=3s");
            return answer.status == 200 && generation_of(answer) != last;
        })) << world.daemon.log();
        last = generation_of(world.daemon.token("oauth"));
        world.daemon.kill();
        world.daemon.start();
    }
    // The first refresh token has long been dead: a single fall back to it would have been refused.
    EXPECT_EQ(world.sandbox.count("oauth.token").refused, 0U);
}

TEST(Recipes, revoke_logs_out_and_in_again) {
    World world;
    world.start({Account(), Account{.name = "oauth", .recipe = "oauth2-client-credentials"}});
    const HttpAnswer first = world.daemon.token("rossum");
    EXPECT_EQ(world.daemon.post("/v1/accounts/rossum/revoke?wait=10s").status, 200);
    EXPECT_EQ(world.sandbox.count("rossum.logout").ok, 1U);
    EXPECT_EQ(use(world, first, "/api/v1/auth/user"), 401);
    EXPECT_EQ(use(world, world.daemon.token("rossum"), "/api/v1/auth/user"), 200);
    EXPECT_EQ(world.daemon.post("/v1/accounts/oauth/revoke").status, 409);
}

TEST(Recipes, undocumented_throttles_of_a_login_are_not_hammered) {
    for (const char* form : {"keyless", "forbidden", "html", "none", "unavailable"}) {
        World world({"--throttle-logins", "1", "--throttle-per", "1h", "--throttle-answer", form});
        world.start({Account()}, "throttle: { logins: 10, per: 1h }\n");
        ASSERT_EQ(world.daemon.token("rossum").status, 200);
        world.daemon.post("/v1/accounts/rossum/refresh?wait=3s");
        EXPECT_FALSE(eventually(1s, [&] {
            return world.sandbox.count("rossum.login").requests > 2;
        })) << form;
        EXPECT_EQ(world.daemon.token("rossum").status, 200)
            << form << ": the old token stays in service";
    }
}

}  // namespace
}  // namespace tokenbroker::integration
