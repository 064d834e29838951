#include "integration/world.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::integration {
namespace {

TEST(Recipes, oz_service_user_gets_a_token_of_years_that_works) {
    World world;
    world.start({Account{.name = "oz", .recipe = "oz"}});
    const HttpAnswer answer = world.daemon.token("oz");
    ASSERT_EQ(answer.status, 200) << answer.body << world.daemon.log();
    EXPECT_EQ(text(body_of(answer).at("header").at("name")), "X-Forensic-Access-Token");
    EXPECT_EQ(text(body_of(answer).at("token_type")), "custom");
    EXPECT_EQ(text(body_of(answer).at("expiry_source")), "stated");
    EXPECT_EQ(world.use(answer, "/api/folders/"), 200);
    EXPECT_EQ(world.sandbox.count("oz.login").requests, 1U);
}

TEST(Recipes, oz_expire_date_is_read_in_each_form) {
    for (const char* form : {"float", "integer", "text", "rfc3339"}) {
        World world({"--oz-expire-date", form});
        world.start({Account{.name = "oz", .recipe = "oz", .username = "operator@oz.example"}},
                    impatient);
        EXPECT_EQ(world.daemon.token("oz").status, 200) << form;
    }
}

TEST(Recipes, oz_expire_date_may_be_absent) {
    World world({"--oz-expire-date", "absent"});
    world.start({Account{.name = "user", .recipe = "oz", .username = "operator@oz.example"},
                 Account{.name = "admin",
                         .recipe = "oz-service-token",
                         .inputs = "user_id: 00000000-0000-4000-8000-000000000002"}});
    for (const auto& [account, life] : {std::pair("user", 900.0), std::pair("admin", 86400.0)}) {
        const HttpAnswer answer = world.daemon.token(account);
        ASSERT_EQ(answer.status, 200) << world.daemon.log();
        EXPECT_EQ(text(body_of(answer).at("expiry_source")), "assumed");
        EXPECT_NEAR(expiry_of(answer) - now_seconds(), life, 30);
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
    EXPECT_EQ(world.error_kind("without"), "unexpected");
}

// Of an ordinary account: its renewals are requests too.
TEST(Recipes, oz_trailing_slash_is_an_input_of_every_request) {
    for (const auto& [site, input] :
         {std::pair("required", "true"), std::pair("forbidden", "never")}) {
        World world({"--oz-slash", site, "--oz-session-ttl", "4s"});
        const std::string slash = std::string("trailing_slash: ") + input;
        world.start({Account{.name = "user",
                             .recipe = "oz",
                             .inputs = slash,
                             .username = "operator@oz.example"},
                     Account{.name = "admin",
                             .recipe = "oz-service-token",
                             .inputs = slash + ", user_id: 00000000-0000-4000-8000-000000000002"}},
                    impatient);
        EXPECT_EQ(world.daemon.token("user").status, 200) << world.daemon.log();
        EXPECT_EQ(world.daemon.token("admin").status, 200) << world.daemon.log();
        EXPECT_TRUE(eventually(15s, [&] { return world.sandbox.count("oz.refresh").ok >= 1; }))
            << world.daemon.log();
        EXPECT_EQ(world.sandbox.count("oz.login", "operator@oz.example").requests, 1U);
    }
}

TEST(Recipes, oz_service_token_of_both_generations) {
    World six;
    six.start({Account{.name = "oz",
                       .recipe = "oz-service-token",
                       .inputs = "user_id: 00000000-0000-4000-8000-000000000002"}});
    const HttpAnswer answer = six.daemon.token("oz");
    ASSERT_EQ(answer.status, 200) << six.daemon.log();
    EXPECT_EQ(six.use(answer, "/api/folders/"), 200);

    World five({"--oz-api", "5", "--oz-service-token-method", "POST"});
    five.start({Account{
        .name = "oz", .recipe = "oz-service-token", .inputs = "api: \"5\", method: POST"}});
    EXPECT_EQ(five.daemon.token("oz").status, 200) << five.daemon.log();
}

TEST(Recipes, oauth_client_credentials_by_both_authentications) {
    for (const std::string way : {"basic", "post"}) {
        World world({"--oauth-authentication", way});
        world.start({Account{.name = "oauth",
                             .recipe = "oauth2-client-credentials",
                             .inputs = "scope: read, authentication: " + way}});
        const HttpAnswer answer = world.daemon.token("oauth");
        ASSERT_EQ(answer.status, 200) << way << world.daemon.log();
        EXPECT_EQ(text(body_of(answer).at("expiry_source")), "stated");
        EXPECT_EQ(world.use(answer, "/oauth2/userinfo"), 200);
    }
}

TEST(Recipes, oauth_audience_is_sent_by_each_grant) {
    for (const std::string recipe :
         {"oauth2-client-credentials", "oauth2-password", "oauth2-refresh-token"}) {
        World world;
        world.sandbox.behave(
            R"({"serve": [{"method": "POST", "path": "/for/acme", "name": "acme",
                "if": {"body": {"audience": "https://acme.example/api?x=1&y=2"}},
                "body": {"access_token": "$RANDOM", "expires_in": 3600}}]})");
        world.start({Account{.name = "a",
                             .recipe = recipe,
                             .inputs = "audience: \"https://acme.example/api?x=1&y=2\", "
                                       "token_path: /for/acme"}});
        EXPECT_EQ(world.daemon.token("a").status, 200) << recipe << world.daemon.log();
        EXPECT_EQ(world.sandbox.count("served:acme").ok, 1U);
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
    EXPECT_EQ(world.use(world.daemon.token("oauth"), "/oauth2/userinfo"), 200);
}

TEST(Recipes, revoke_logs_out_and_in_again) {
    World world;
    world.start({Account(), Account{.name = "oauth", .recipe = "oauth2-client-credentials"}});
    const HttpAnswer first = world.daemon.token("rossum");
    EXPECT_EQ(world.daemon.post("/v1/accounts/rossum/revoke?wait=10s").status, 200);
    EXPECT_EQ(world.sandbox.count("rossum.logout").ok, 1U);
    EXPECT_EQ(world.use(first, "/api/v1/auth/user"), 401);
    EXPECT_EQ(world.use(world.daemon.token("rossum"), "/api/v1/auth/user"), 200);
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
