// What the vendors leave open, each answer of it: a token is got, used, renewed and used again, and
// that costs no more logins than it has to.

#include "integration/world.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::integration {
namespace {

struct Recipe {
    const char* name;
    const char* inputs;
    const char* login;  // the endpoint
    const char* use;
};
const Recipe rossum{"rossum", "", "rossum.login", "/api/v1/auth/user"};
const Recipe oz{"oz", "", "oz.login", "/api/folders/"};
const Recipe oz_service_token{"oz-service-token", "user_id: 00000000-0000-4000-8000-000000000002",
                              "oz.login", "/api/folders/"};
const Recipe oauth_password{"oauth2-password", "", "oauth.token", "/oauth2/userinfo"};
const Recipe oauth_refresh_token{"oauth2-refresh-token", "", "oauth.token", "/oauth2/userinfo"};

struct Setting {
    const char* name;
    std::vector<const char*> values;
    const Recipe* recipe;
    std::size_t logins;  // for two tokens; where a renewal goes to the login's endpoint, with it
};

const std::vector<Setting>& settings() {
    static const std::vector<const char*> both{"true", "false"};
    static const std::vector<Setting> all{
        {"rossum-login-revokes-older", both, &rossum, 2},
        {"rossum-exchange-revokes-old", both, &rossum, 2},
        {"rossum-one-time", both, &rossum, 2},
        {"rossum-exchange-remaining", both, &rossum, 2},
        {"rossum-exchange-dies-with-old", both, &rossum, 2},
        {"rossum-over-maximum", {"refuse", "cap"}, &rossum, 2},
        {"rossum-no-header", {"401", "403"}, &rossum, 2},
        {"rossum-totals", both, &rossum, 2},
        {"oz-login-revokes-older", both, &oz, 1},
        {"oz-login-revokes-older", both, &oz_service_token, 2},
        {"oz-service-token-reuse", both, &oz_service_token, 2},
        {"oauth-rotate", both, &oauth_refresh_token, 2},
        {"oauth-issue-refresh-token", both, &oauth_password, 2},
    };
    return all;
}

// One account of each value of the setting would share its sandbox; so each has a world.
class EitherAnswer : public ::testing::TestWithParam<Setting> {};

TEST_P(EitherAnswer, of_an_upstream_lets_a_token_be_got_used_renewed_and_used) {
    const Setting& setting = GetParam();
    for (const char* value : setting.values) {
        SCOPED_TRACE(value);
        World world({std::string("--") + setting.name, value, "--rossum-rate", "0"});
        world.start({Account{
            .name = "a", .recipe = setting.recipe->name, .inputs = setting.recipe->inputs}});
        const HttpAnswer first = world.daemon.token("a");
        ASSERT_EQ(first.status, 200) << world.daemon.log();
        EXPECT_EQ(world.use(first, setting.recipe->use), 200);
        EXPECT_EQ(world.daemon.post("/v1/accounts/a/refresh?wait=10s").status, 200);
        const HttpAnswer second = world.daemon.token("a");
        EXPECT_EQ(world.use(second, setting.recipe->use), 200) << world.daemon.log();
        const bool reused =
            std::string(setting.name) == "oz-service-token-reuse" && std::string(value) == "true";
        EXPECT_EQ(token_of(second) == token_of(first), reused);
        EXPECT_EQ(world.sandbox.count(setting.recipe->login).requests, setting.logins);
        EXPECT_EQ(world.sandbox.count(setting.recipe->login).refused, 0U);
    }
}

INSTANTIATE_TEST_SUITE_P(Setting, EitherAnswer, ::testing::ValuesIn(settings()),
                         [](const auto& parameter) {
                             std::string name = parameter.param.name;
                             std::ranges::replace(name, '-', '_');
                             return name + "_of_" + std::to_string(parameter.index);
                         });

TEST(EitherAnswer, to_an_expired_pair_of_oz_costs_a_login_where_it_has_to) {
    for (const bool lenient : {true, false}) {
        World world({"--oz-session-ttl", "2s", "--oz-sliding", "false", "--oz-refresh-after-expiry",
                     lenient ? "true" : "false"});
        world.start({Account{.name = "a",
                             .recipe = "oz",
                             .more = "    login: on_demand",
                             .username = "operator@oz.example"}},
                    "defaults: { refresh: { at: 99%, jitter: 0% } }\n");
        const HttpAnswer first = world.daemon.token("a");
        ASSERT_EQ(first.status, 200) << world.daemon.log();
        world.daemon.stop();  // nobody renews it in time
        ASSERT_TRUE(eventually(5s, [&] { return world.use(first, oz.use) == 401; }));
        world.daemon.start();
        const HttpAnswer second = world.daemon.token("a", "?wait=10s");
        EXPECT_EQ(world.use(second, oz.use), 200) << world.daemon.log();
        EXPECT_GE(world.sandbox.count("oz.refresh").requests, 1U);
        EXPECT_EQ(world.sandbox.count("oz.login").requests, lenient ? 1U : 2U);
    }
}

TEST(EitherAnswer, of_a_token_that_dies_early_costs_one_login_for_each_death) {
    World world({"--rossum-dies-after", "1s", "--rossum-rate", "0"});
    world.start({Account()});
    const HttpAnswer first = world.daemon.token("rossum");
    ASSERT_EQ(first.status, 200) << world.daemon.log();
    EXPECT_EQ(world.use(first, rossum.use), 200);
    ASSERT_TRUE(eventually(5s, [&] { return world.use(first, rossum.use) == 401; }));
    const HttpAnswer second =
        world.daemon.post("/v1/accounts/rossum/token/rejected?wait=20s",
                          "{\"generation\": " + std::to_string(generation_of(first)) + "}");
    EXPECT_EQ(world.use(second, rossum.use), 200) << second.body << world.daemon.log();
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 2U);
}

TEST(EitherAnswer, of_a_session_that_slides_or_not_leaves_the_stated_expiry_as_it_was) {
    for (const char* sliding : {"true", "false"}) {
        World world({"--oz-session-ttl", "6s", "--oz-sliding", sliding});
        world.start({Account{.name = "a", .recipe = "oz", .username = "operator@oz.example"}});
        const HttpAnswer first = world.daemon.token("a");
        const double ends = expiry_of(first);
        HttpAnswer now = first;
        do {
            EXPECT_EQ(expiry_of(now), ends) << "whoever uses it meanwhile";
            EXPECT_EQ(world.use(now, oz.use), 200);
            now = world.daemon.token("a");
        } while (generation_of(now) == generation_of(first) && now_seconds() < ends + 1);
        EXPECT_LT(now_seconds(), ends) << "it is renewed before the stated end";
        EXPECT_GT(expiry_of(now), ends);
        EXPECT_EQ(world.sandbox.count("oz.login").requests, 1U);
    }
}

TEST(Renewal, of_the_password_grant_is_a_refresh_where_a_refresh_token_was_given) {
    for (const char* way : {"basic", "post"}) {
        World world({"--oauth-lifetime", "4s", "--oauth-authentication", way});
        world.start({Account{.name = "a",
                             .recipe = "oauth2-password",
                             .inputs = std::string("authentication: ") + way}});
        const auto first = generation_of(world.daemon.token("a"));
        ASSERT_TRUE(eventually(10s, [&] { return generation_of(world.daemon.token("a")) > first; }))
            << world.daemon.log();
        EXPECT_EQ(world.use(world.daemon.token("a"), oauth_password.use), 200);
        EXPECT_EQ(world.logged({"\"login_succeeded\""}), 1U) << world.daemon.log();
        EXPECT_GE(world.logged({"\"token_refreshed\""}), 1U) << world.daemon.log();
    }
}

TEST(Renewal, of_a_refresh_token_by_a_client_that_posts_its_secret) {
    World world({"--oauth-authentication", "post"});
    world.start(
        {Account{.name = "a", .recipe = "oauth2-refresh-token", .inputs = "authentication: post"}});
    ASSERT_EQ(world.use(world.daemon.token("a"), oauth_refresh_token.use), 200)
        << world.daemon.log();
    EXPECT_EQ(world.daemon.post("/v1/accounts/a/refresh?wait=10s").status, 200);
    EXPECT_EQ(world.use(world.daemon.token("a"), oauth_refresh_token.use), 200);
    EXPECT_EQ(world.sandbox.count("oauth.token").ok, 2U);
}

}  // namespace
}  // namespace tokenbroker::integration
