#include "unit/sandbox/support.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::sandbox {
namespace {

using namespace std::chrono_literals;

constexpr const char* good_basic = "Basic c2FuZGJveC1jbGllbnQ6c2FuZGJveC1zZWNyZXQ=";

Fixture::Told token(Fixture& world, const std::string& form,
                    const std::string& authorization = good_basic) {
    return world.ask("POST", "/oauth2/token", form, authorization.empty() ? "" : "authorization",
                     authorization);
}

TEST(OAuth, client_credentials_by_header_and_by_body) {
    Fixture world;
    const auto told = token(world, "grant_type=client_credentials&scope=read");
    EXPECT_EQ(told.status, 200);
    EXPECT_EQ(told.text("token_type"), "Bearer");
    EXPECT_EQ(told.text("scope"), "read");
    EXPECT_EQ(told.body.at("expires_in").as_int64(), 3600);
    EXPECT_FALSE(told.body.as_object().contains("refresh_token"));
    EXPECT_EQ(
        token(world,
              "grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox-secret",
              "")
            .status,
        200);
    EXPECT_EQ(world
                  .ask("GET", "/oauth2/userinfo", "", "authorization",
                       "Bearer " + told.text("access_token"))
                  .status,
              200);
    world.pass(1h);
    EXPECT_EQ(world
                  .ask("GET", "/oauth2/userinfo", "", "authorization",
                       "Bearer " + told.text("access_token"))
                  .status,
              401);
}

TEST(OAuth, errors_are_those_of_the_rfc) {
    Fixture world;
    const auto expect = [&](const std::string& form, int status, const std::string& code,
                            const std::string& authorization = good_basic) {
        const auto told = token(world, form, authorization);
        EXPECT_EQ(told.status, status) << form;
        EXPECT_EQ(told.text("error"), code) << form;
    };
    expect("grant_type=client_credentials", 401, "invalid_client", "Basic eDp5");
    expect("grant_type=client_credentials", 401, "invalid_client", "");
    expect("x=1", 400, "invalid_request");
    expect("grant_type=authorization_code", 400, "unsupported_grant_type");
    expect("grant_type=client_credentials&scope=all", 400, "invalid_scope");
    expect("grant_type=password&username=user@oauth.example&password=x", 400, "invalid_grant");
    expect("grant_type=password", 400, "invalid_request");
    expect("grant_type=refresh_token&refresh_token=x", 400, "invalid_grant");
    EXPECT_EQ(token(world, "grant_type=client_credentials", "").header("WWW-Authenticate"),
              "Basic realm=\"sandbox\"");
}

TEST(OAuth, a_refresh_token_rotates_and_its_old_one_dies) {
    Fixture world;
    const auto first = token(world, "grant_type=refresh_token&refresh_token=sandbox-refresh-token");
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(token(world, "grant_type=refresh_token&refresh_token=sandbox-refresh-token").status,
              400);
    EXPECT_EQ(token(world, "grant_type=refresh_token&refresh_token=" + first.text("refresh_token"))
                  .status,
              200);
}

TEST(OAuth, a_refresh_token_that_does_not_rotate_stays) {
    Settings settings;
    settings.oauth_rotate = false;
    Fixture world(settings);
    for (int time = 0; time < 2; ++time) {
        const auto told =
            token(world, "grant_type=refresh_token&refresh_token=sandbox-refresh-token");
        EXPECT_EQ(told.status, 200);
        EXPECT_FALSE(told.body.as_object().contains("refresh_token"));
    }
}

TEST(OAuth, the_password_grant_gives_a_refresh_token_and_expires_in_as_asked) {
    Settings settings;
    settings.oauth_expires_in = "text";
    Fixture world(settings);
    const auto told =
        token(world, "grant_type=password&username=user%40oauth.example&password=sandbox-password");
    EXPECT_EQ(told.text("expires_in"), "3600");
    EXPECT_TRUE(told.body.as_object().contains("refresh_token"));
    world.behave(R"({"settings": {"oauth-expires-in": "absent"}})");
    EXPECT_FALSE(
        token(world, "grant_type=client_credentials").body.as_object().contains("expires_in"));
}

}  // namespace
}  // namespace tokenbroker::sandbox
