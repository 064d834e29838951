#include "recipe/token.hpp"
#include "recipe_helpers.hpp"

namespace tokenbroker::recipe {
namespace {

using core::Verdict;

Values client(const Recipe& recipe, std::string_view authentication) {
    Values values;
    values.set("client_id", Value::text("my client"));
    values.set("client_secret", secret("s&cret"));
    values.set("authentication", Value::text(authentication));
    if (recipe.find_input("username") != nullptr) {
        values.set("username", Value::text("joe"));
        values.set("password", secret("pw"));
    }
    if (recipe.find_input("refresh_token") != nullptr) values.set("refresh_token", secret("first"));
    return with_defaults(recipe.inputs, values);
}

const Step& running(const std::vector<Step>& steps, const Values& values) {
    return *std::ranges::find_if(steps, [&](const Step& step) { return runs(step, values); });
}

std::string form(const std::vector<Step>& steps, const Values& values) {
    return body_of(*fill(running(steps, values), values));
}

RecipeHandle built_in(std::string_view name) {
    return Library::with_built_ins().find(name);
}

class EveryOAuthRecipe : public testing::TestWithParam<const char*> {
protected:
    const RecipeHandle recipe = built_in(GetParam());
    Reading read(const Step& step, int status, std::string_view body) const {
        return read_answer(step, answer(status, body), client(*recipe, "basic"), recipe->answers,
                           now);
    }
};

TEST_P(EveryOAuthRecipe, runs_exactly_one_login) {
    for (const char* authentication : {"basic", "post"}) {
        const Values values = client(*recipe, authentication);
        EXPECT_EQ(std::ranges::count_if(recipe->acquire,
                                        [&](const Step& step) { return runs(step, values); }),
                  1);
        EXPECT_TRUE(running(recipe->acquire, values).login);
        for (const Step& step : recipe->refresh)
            EXPECT_FALSE(step.login);
    }
}

TEST_P(EveryOAuthRecipe, authenticates_the_client_either_way) {
    const Values basic = client(*recipe, "basic");
    const auto by_header = fill(running(recipe->acquire, basic), basic);
    EXPECT_EQ(header_of(*by_header, "Authorization"), "Basic bXkrY2xpZW50OnMlMjZjcmV0")
        << "my+client:s%26cret";
    EXPECT_EQ(body_of(*by_header).find("client_secret"), std::string::npos);
    EXPECT_EQ(by_header->target.reveal(), "/oauth2/token");
    const Values post = client(*recipe, "post");
    const auto by_form = fill(running(recipe->acquire, post), post);
    EXPECT_EQ(header_of(*by_form, "Authorization"), "(none)");
    EXPECT_NE(body_of(*by_form).find("client_id=my+client&client_secret=s%26cret"),
              std::string::npos);
}

TEST_P(EveryOAuthRecipe, sends_scope_and_audience_where_they_are_given) {
    Values values = client(*recipe, "basic");
    EXPECT_EQ(form(recipe->acquire, values).find("scope"), std::string::npos);
    values.set("scope", Value::text("read write"));
    values.set("audience", Value::text("https://api"));
    EXPECT_NE(form(recipe->acquire, values).find("&scope=read+write&audience=https%3A%2F%2Fapi"),
              std::string::npos);
}

TEST_P(EveryOAuthRecipe, takes_expires_in_in_every_form) {
    const Step& step = recipe->acquire.front();
    const auto expiry = [&](std::string_view member) {
        Values values = client(*recipe, "basic");
        values.merge(
            read(step, 200,
                 R"({"access_token": "abc", "token_type": "Bearer")" + std::string(member) + "}")
                .taken);
        return token_of(*recipe, values, now)->expiry;
    };
    EXPECT_EQ(expiry(R"(, "expires_in": 3600)").lifetime, std::chrono::hours(1));
    EXPECT_EQ(expiry(R"(, "expires_in": "3600")").lifetime, std::chrono::hours(1));
    EXPECT_EQ(expiry(R"(, "expires_in": 3600)").source, core::ExpirySource::stated);
    EXPECT_EQ(expiry("").lifetime, std::chrono::minutes(5));
    EXPECT_EQ(expiry("").source, core::ExpirySource::assumed);
}

TEST_P(EveryOAuthRecipe, knows_the_errors_of_the_rfc) {
    const Step& step = recipe->acquire.front();
    const auto verdict = [&](int status, const char* code) {
        return read(step, status,
                    R"({"error": ")" + std::string(code) + R"(", "error_description": "d"})")
            .verdict;
    };
    EXPECT_EQ(verdict(401, "invalid_client"), Verdict::refused);
    EXPECT_EQ(verdict(400, "invalid_client"), Verdict::refused);
    EXPECT_EQ(verdict(400, "invalid_grant"), Verdict::refused);
    EXPECT_EQ(verdict(400, "unauthorized_client"), Verdict::refused);
    EXPECT_EQ(verdict(400, "invalid_request"), Verdict::refused);
    EXPECT_EQ(verdict(400, "invalid_scope"), Verdict::refused);
    EXPECT_EQ(verdict(400, "unsupported_grant_type"), Verdict::refused);
    EXPECT_EQ(verdict(400, "temporarily_unavailable"), Verdict::unavailable);
    EXPECT_EQ(verdict(503, "temporarily_unavailable"), Verdict::unavailable);
    EXPECT_EQ(verdict(429, "slow_down"), Verdict::throttled);
}

TEST_P(EveryOAuthRecipe, takes_any_path) {
    Values values = client(*recipe, "basic");
    values.set("token_path", Value::path("/realms/acme/protocol/openid-connect/token"));
    EXPECT_EQ(fill(running(recipe->acquire, values), values, "/auth")->path,
              "/auth/realms/acme/protocol/openid-connect/token");
}

INSTANTIATE_TEST_SUITE_P(OAuth, EveryOAuthRecipe,
                         testing::Values("oauth2-client-credentials", "oauth2-password",
                                         "oauth2-refresh-token"));

TEST(OAuthClientCredentials, asks_with_its_grant_and_refreshes_nothing) {
    const RecipeHandle recipe = built_in("oauth2-client-credentials");
    EXPECT_EQ(form(recipe->acquire, client(*recipe, "basic")), "grant_type=client_credentials");
    EXPECT_EQ(form(recipe->acquire, client(*recipe, "post")),
              "grant_type=client_credentials&client_id=my+client&client_secret=s%26cret");
    EXPECT_TRUE(recipe->refresh.empty());
}

TEST(OAuthPassword, asks_with_the_users_password) {
    const RecipeHandle recipe = built_in("oauth2-password");
    EXPECT_EQ(form(recipe->acquire, client(*recipe, "basic")),
              "grant_type=password&username=joe&password=pw");
}

TEST(OAuthPassword, refreshes_where_it_got_a_refresh_token) {
    const RecipeHandle recipe = built_in("oauth2-password");
    const Values values = client(*recipe, "basic");
    const Step& login = running(recipe->acquire, values);
    const auto kept = [&](std::string_view body) {
        return write_kept(*recipe, read_answer(login, answer(200, body), values, {}, now).taken);
    };
    EXPECT_TRUE(kept(R"({"access_token": "a"})").empty());
    EXPECT_EQ(kept(R"({"access_token": "a", "refresh_token": "r"})").reveal(),
              R"({"refresh_token":"r"})");
}

TEST(OAuthPassword, may_be_a_public_client) {
    const RecipeHandle recipe = built_in("oauth2-password");
    Values values = client(*recipe, "post");
    values.erase("client_secret");
    EXPECT_TRUE(missing_inputs(recipe->inputs, values).empty());
    EXPECT_EQ(form(recipe->acquire, values),
              "grant_type=password&client_id=my+client&username=joe&password=pw");
    values.set("authentication", Value::text("basic"));
    EXPECT_EQ(missing_inputs(recipe->inputs, values), std::vector<std::string>{"client_secret"});
}

class Refreshing : public testing::TestWithParam<const char*> {};

TEST_P(Refreshing, uses_the_latest_refresh_token_and_keeps_it_where_no_new_one_comes) {
    const RecipeHandle recipe = built_in(GetParam());
    for (const char* authentication : {"basic", "post"}) {
        Values kept;
        kept.set("refresh_token", secret("second"));
        const Values values = later_values(client(*recipe, authentication), kept, Secret("abc"));
        EXPECT_NE(
            form(recipe->refresh, values).find("grant_type=refresh_token&refresh_token=second"),
            std::string::npos);
        const Step& step = running(recipe->refresh, values);
        const auto kept_after = [&](std::string_view body) {
            Values after = values;
            after.merge(read_answer(step, answer(200, body), values, recipe->answers, now).taken);
            return std::string(write_kept(*recipe, after).reveal());
        };
        EXPECT_EQ(kept_after(R"({"access_token": "a", "refresh_token": "third"})"),
                  R"({"refresh_token":"third"})");
        EXPECT_EQ(kept_after(R"({"access_token": "a"})"), R"({"refresh_token":"second"})");
    }
}

TEST_P(Refreshing, is_over_where_the_server_says_so_and_not_where_a_gateway_does) {
    const RecipeHandle recipe = built_in(GetParam());
    const bool rotates = std::string(GetParam()) == "oauth2-refresh-token";
    for (const char* authentication : {"basic", "post"}) {
        Values kept;
        kept.set("refresh_token", secret("second"));
        const Values values = later_values(client(*recipe, authentication), kept, Secret("abc"));
        const Step& step = running(recipe->refresh, values);
        const auto verdict = [&](int status, std::string_view body) {
            return read_answer(step, answer(status, body), values, recipe->answers, now).verdict;
        };
        EXPECT_EQ(verdict(400, R"({"error": "invalid_grant"})"),
                  rotates ? Verdict::expired : Verdict::refused);
        EXPECT_EQ(verdict(401, R"({"error": "invalid_client"})"), Verdict::refused);
        EXPECT_EQ(verdict(400, R"({"error": "invalid_request"})"), Verdict::refused);
        for (const int status : {400, 401, 403}) {
            EXPECT_EQ(verdict(status, "<h1>Forbidden</h1>"), Verdict::unexpected);
            EXPECT_EQ(verdict(status, ""), Verdict::unexpected);
            EXPECT_EQ(verdict(status, R"({"message": "Forbidden"})"), Verdict::unexpected);
        }
        EXPECT_EQ(verdict(503, R"({"error": "temporarily_unavailable"})"), Verdict::unavailable);
    }
}

INSTANTIATE_TEST_SUITE_P(OAuth, Refreshing,
                         testing::Values("oauth2-password", "oauth2-refresh-token"));

TEST(OAuthRefreshToken, logs_in_with_the_first_one_and_says_when_it_is_dead) {
    const RecipeHandle recipe = built_in("oauth2-refresh-token");
    const Values values = client(*recipe, "basic");
    EXPECT_EQ(form(recipe->acquire, values), "grant_type=refresh_token&refresh_token=first");
    const Reading dead =
        read_answer(running(recipe->acquire, values), answer(400, R"({"error": "invalid_grant"})"),
                    values, recipe->answers, now);
    EXPECT_EQ(dead.verdict, Verdict::refused);
    EXPECT_EQ(dead.cause, "HTTP 400, give a new refresh_token");
}

TEST(OAuthRefreshToken, keeps_even_one_that_does_not_rotate) {
    const RecipeHandle recipe = built_in("oauth2-refresh-token");
    Values values = client(*recipe, "basic");
    values.merge(read_answer(running(recipe->acquire, values),
                             answer(200, R"({"access_token": "a"})"), values, {}, now)
                     .taken);
    EXPECT_EQ(write_kept(*recipe, values).reveal(), R"({"refresh_token":"first"})");
}

}  // namespace
}  // namespace tokenbroker::recipe
