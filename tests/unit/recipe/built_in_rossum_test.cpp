#include "recipe/token.hpp"
#include "recipe_helpers.hpp"

namespace tokenbroker::recipe {
namespace {

using core::Verdict;

class Rossum : public testing::Test {
protected:
    const RecipeHandle recipe = Library::with_built_ins().find("rossum");

    Values inputs() const {
        Values values;
        values.set("username", Value::text("api_user@acme"));
        values.set("password", secret("pa\"ss"));
        return with_defaults(recipe->inputs, values);
    }
    const Step& step(std::string_view name) const { return step_of(recipe->acquire, name); }
    Verdict verdict(const Step& of, int status, std::string_view body = "{}") const {
        return read_answer(of, answer(status, body), inputs(), recipe->answers, now).verdict;
    }
};

TEST_F(Rossum, logs_in_with_an_explicit_lifetime) {
    const auto request = fill(step("login"), inputs(), recipe->base_path("/api/v1/"));
    ASSERT_TRUE(request);
    EXPECT_EQ(request->method, "POST");
    EXPECT_EQ(request->target.reveal(), "/api/v1/auth/login");
    EXPECT_EQ(body_of(*request),
              R"({"username":"api_user@acme","password":"pa\"ss","max_token_lifetime_s":583200})");
    EXPECT_EQ(header_of(*request, "Authorization"), "(none)");
    EXPECT_TRUE(step("login").login);
}

TEST_F(Rossum, exchanges_the_token_where_it_shall) {
    Values values = inputs();
    values.set("token", secret("abc"));
    EXPECT_TRUE(runs(step("exchange"), values));
    EXPECT_TRUE(step("exchange").optional);
    EXPECT_FALSE(step("exchange").login);
    const auto request = fill(step("exchange"), values);
    EXPECT_EQ(request->target.reveal(), "/api/v1/auth/token");
    EXPECT_EQ(header_of(*request, "Authorization"), "Bearer abc");
    EXPECT_EQ(body_of(*request), R"({"max_token_lifetime_s":583200})");
    values.set("exchange", Value(Scalar(false)));
    EXPECT_FALSE(runs(step("exchange"), values));
}

TEST_F(Rossum, takes_the_documented_answers) {
    for (
        const char* body :
        {R"({"key":"db313f24f5738c8e04635e036ec8a45cdd6d6b03","domain":"acme-corp.app.rossum.ai"})",
         R"({"key":"db313f24f5738c8e04635e036ec8a45cdd6d6b03","domain":null})",
         R"({"key":"db313f24f5738c8e04635e036ec8a45cdd6d6b03"})"}) {
        const Reading reading =
            read_answer(step("login"), answer(200, body), inputs(), recipe->answers, now);
        EXPECT_EQ(reading.verdict, Verdict::ok);
        EXPECT_EQ(taken(reading, "token"), "db313f24f5738c8e04635e036ec8a45cdd6d6b03");
    }
}

TEST_F(Rossum, makes_a_token_that_lives_as_long_as_was_asked_for) {
    Values values = inputs();
    values.set("token", secret("abc"));
    const auto token = token_of(*recipe, values, now);
    ASSERT_TRUE(token);
    EXPECT_EQ(token->header_name, "Authorization");
    EXPECT_EQ(token->header_value.reveal(), "Bearer abc");
    EXPECT_EQ(token->expiry.source, core::ExpirySource::requested);
    EXPECT_EQ(token->expiry.lifetime, std::chrono::hours(162));
}

TEST_F(Rossum, tells_refused_credentials_from_all_else) {
    const Step& login = step("login");
    EXPECT_EQ(verdict(login, 401, R"({"detail": "Unable to log in with provided credentials."})"),
              Verdict::refused);
    EXPECT_EQ(verdict(login, 400, R"({"password": ["This field may not be blank."]})"),
              Verdict::refused);
    EXPECT_EQ(verdict(login, 403, R"({"detail": "sso"})"), Verdict::refused);
    EXPECT_EQ(verdict(login, 403, "<html>"), Verdict::unexpected);
    EXPECT_EQ(verdict(login, 429, R"({"detail": "Too many requests"})"), Verdict::throttled);
    EXPECT_EQ(verdict(login, 500), Verdict::unavailable);
    EXPECT_EQ(verdict(login, 200, "{}"), Verdict::unexpected);
    EXPECT_EQ(verdict(step("exchange"), 401), Verdict::expired);
    EXPECT_EQ(verdict(*recipe->probe, 401), Verdict::expired);
    EXPECT_EQ(verdict(*recipe->probe, 200), Verdict::ok);
    EXPECT_EQ(verdict(*recipe->probe, 403), Verdict::unexpected);
}

TEST_F(Rossum, probes_and_logs_out) {
    const Values later = later_values(inputs(), Values(), Secret("abc"));
    const auto probe = fill(*recipe->probe, later);
    EXPECT_EQ(probe->method + " " + std::string(probe->target.reveal()), "GET /api/v1/auth/user");
    EXPECT_EQ(header_of(*probe, "Authorization"), "Bearer abc");
    ASSERT_EQ(recipe->revoke.size(), 1U);
    const auto logout = fill(recipe->revoke.front(), later);
    EXPECT_EQ(logout->method + " " + std::string(logout->target.reveal()),
              "POST /api/v1/auth/logout");
    EXPECT_FALSE(logout->body);
}

TEST_F(Rossum, provisions_a_technical_user) {
    Values values;
    values.set("username", Value::text("svc@acme"));
    values.set("password", secret("s3cret-Password"));
    values.set("admin_token", secret("adm"));
    values.set("organization_url", Value::text("https://x/api/v1/organizations/1"));
    values.set("group_url", Value::text("https://x/api/v1/groups/3"));
    values = with_defaults(recipe->provision_inputs, values);
    const auto request = fill(step_of(recipe->provision, "create_user"), values);
    EXPECT_EQ(
        body_of(*request),
        R"({"organization":"https://x/api/v1/organizations/1","username":"svc@acme","password":"s3cret-Password",)"
        R"_("first_name":"SYSTEM USER","last_name":"(DO NOT DELETE)",)_"
        R"("groups":["https://x/api/v1/groups/3"],"auth_type":"password","is_active":true})");
    const auto& rules =
        *std::ranges::find(recipe->provision_inputs, "password", &Input::name)->password;
    EXPECT_EQ(rules.shortest, 12U);
    EXPECT_EQ(rules.longest, 64U);
    EXPECT_FALSE(rules.digits_only || rules.common);
}

}  // namespace
}  // namespace tokenbroker::recipe
