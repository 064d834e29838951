#include "recipe/token.hpp"
#include "recipe_helpers.hpp"

namespace tokenbroker::recipe {
namespace {

using core::Verdict;

constexpr std::string_view pair_answer =
    R"({"token_id": "t", "user_id": "u", "access_token": "abc", "expire_token": "exp", "expire_date": 1904659888.282587, "session_id": 0, "user": {"user_type": "ADMIN"}})";

std::string error(int code) {
    return R"({"error_code": )" + std::to_string(code) +
           R"(, "error_message": "m", "details": null})";
}

Values filled_inputs(const Recipe& recipe, Values values = {}) {
    values.set("email", Value::text("svc@acme"));
    values.set("password", secret("pw"));
    return with_defaults(recipe.inputs, values);
}

class Oz : public testing::Test {
protected:
    const RecipeHandle recipe = Library::with_built_ins().find("oz");
    const Step& login = step_of(recipe->acquire, "login");
    const Step& refresh = step_of(recipe->refresh, "refresh");

    Reading read(const Step& step, int status, std::string_view body) const {
        return read_answer(step, answer(status, body), filled_inputs(*recipe), recipe->answers,
                           now);
    }
};

TEST_F(Oz, logs_in) {
    const auto request = fill(login, filled_inputs(*recipe), recipe->base_path("/api/"));
    EXPECT_EQ(request->method + " " + std::string(request->target.reveal()),
              "POST /api/authorize/auth");
    EXPECT_EQ(body_of(*request), R"({"credentials":{"email":"svc@acme","password":"pw"}})");
    Values slashed = filled_inputs(*recipe);
    slashed.set("trailing_slash", Value(Scalar(true)));
    EXPECT_EQ(fill(login, slashed)->target.reveal(), "/api/authorize/auth/");
}

TEST_F(Oz, makes_a_token_that_expires_as_stated) {
    const Reading reading = read(login, 200, pair_answer);
    ASSERT_EQ(reading.verdict, Verdict::ok);
    Values values = filled_inputs(*recipe);
    values.merge(reading.taken);
    const auto token = token_of(*recipe, values, now);
    ASSERT_TRUE(token);
    EXPECT_EQ(token->header_name, "X-Forensic-Access-Token");
    EXPECT_EQ(token->header_value.reveal(), "abc");
    EXPECT_EQ(token->expiry.at, WallTime(Milliseconds(1'904'659'888'282)));
    EXPECT_EQ(token->expiry.source, core::ExpirySource::stated);
    EXPECT_EQ(write_kept(*recipe, values).reveal(), R"({"expire_token":"exp"})");
}

TEST_F(Oz, does_without_an_expire_token) {
    const Reading reading =
        read(login, 200, R"({"access_token": "abc", "expire_date": "1904659888"})");
    EXPECT_EQ(reading.verdict, Verdict::ok);
    EXPECT_TRUE(write_kept(*recipe, reading.taken).empty());
}

TEST_F(Oz, assumes_a_short_life_where_no_date_is_told) {
    for (const Step* step : {&login, &refresh}) {
        for (const char* body :
             {R"({"access_token": "abc"})", R"({"access_token": "abc", "expire_date": null})"}) {
            const Reading reading = read(*step, 200, body);
            ASSERT_EQ(reading.verdict, Verdict::ok) << reading.cause;
            Values values = filled_inputs(*recipe);
            values.merge(reading.taken);
            const auto token = token_of(*recipe, values, now);
            ASSERT_TRUE(token) << token.error().message();
            EXPECT_EQ(token->expiry.lifetime, std::chrono::minutes(15));
            EXPECT_EQ(token->expiry.source, core::ExpirySource::assumed);
        }
    }
}

TEST_F(Oz, has_the_slashes_of_the_documentation_or_of_the_site) {
    Values values = filled_inputs(*recipe);
    values.set("company", Value::text("acme"));
    values.set("user_id", Value::text("u-1"));
    const auto paths = [&](const char* slash) {
        values.set("trailing_slash", Value::text(slash));
        std::string all;
        for (const auto* steps : {&recipe->acquire, &recipe->refresh, &recipe->provision}) {
            for (const Step& step : *steps)
                all += fill(step, values)->path + " ";
        }
        return all;
    };
    EXPECT_EQ(paths("false"),
              "/api/authorize/auth /api/authorize/refresh/ /api/authorize/auth /api/companies/ "
              "/api/users/ /api/users/ /api/authorize/service_token/u-1 ");
    EXPECT_EQ(paths("true"),
              "/api/authorize/auth/ /api/authorize/refresh/ /api/authorize/auth/ /api/companies/ "
              "/api/users/ /api/users/ /api/authorize/service_token/u-1/ ");
    EXPECT_EQ(paths("never"),
              "/api/authorize/auth /api/authorize/refresh /api/authorize/auth /api/companies "
              "/api/users /api/users /api/authorize/service_token/u-1 ");
}

TEST_F(Oz, refreshes_with_the_pair) {
    Values kept;
    kept.set("expire_token", secret("exp"));
    const auto request = fill(refresh, later_values(filled_inputs(*recipe), kept, Secret("abc")));
    EXPECT_EQ(request->target.reveal(), "/api/authorize/refresh/");
    EXPECT_EQ(header_of(*request, "X-Forensic-Access-Token"), "abc");
    EXPECT_EQ(body_of(*request), R"({"expire_token":"exp"})");
    EXPECT_FALSE(refresh.login);
}

TEST_F(Oz, decides_by_the_error_code_before_the_status) {
    for (const int status : {200, 400, 401, 403, 500, 503}) {
        for (const int code : {3, 4, 5, 6, 7, 8, 9, 10}) {
            EXPECT_EQ(read(login, status, error(code)).verdict, Verdict::refused)
                << status << ' ' << code;
            EXPECT_EQ(read(refresh, status, error(code)).verdict, Verdict::refused)
                << status << ' ' << code;
        }
        for (const int code : {0, 11, 12}) {
            EXPECT_EQ(read(login, status, error(code)).verdict, Verdict::unavailable)
                << status << ' ' << code;
            EXPECT_EQ(read(refresh, status, error(code)).verdict, Verdict::unavailable)
                << status << ' ' << code;
        }
        EXPECT_EQ(read(login, status, error(1)).verdict, Verdict::unexpected) << status;
    }
    EXPECT_EQ(read(login, 200, error(99)).verdict, Verdict::unexpected);
    EXPECT_EQ(read(login, 429, error(0)).verdict, Verdict::throttled);
}

TEST_F(Oz, takes_a_refused_refresh_by_its_status_too) {
    for (const int status : {400, 401, 403})
        EXPECT_EQ(read(refresh, status, "").verdict, Verdict::refused) << status;
    EXPECT_EQ(read(refresh, 502, "").verdict, Verdict::unavailable);
    EXPECT_EQ(read(refresh, 200, pair_answer).verdict, Verdict::ok);
}

TEST_F(Oz, knows_no_probe_and_no_revocation) {
    EXPECT_FALSE(recipe->probe);
    EXPECT_TRUE(recipe->revoke.empty());
}

TEST_F(Oz, provisions_users_of_both_generations) {
    Values values = filled_inputs(*recipe);
    for (const char* name : {"first_name", "last_name"})
        values.set(name, Value::text(name));
    values.set("admin_token", secret("adm"));
    values.set("company_id", Value::text("c-1"));
    values.set("quality", Value(Scalar(false)));
    values = with_defaults(recipe->provision_inputs, values);
    EXPECT_EQ(
        body_of(*fill(step_of(recipe->provision, "create_user"), values)),
        R"({"credentials":{"email":"svc@acme","password":"pw"},"profile":{"company_id":"c-1","user_type":"CLIENT_SERVICE",)"
        R"("first_name":"first_name","last_name":"last_name","middle_name":"","can_start_analysis_biometry":true,)"
        R"("can_start_analysis_collection":true,"can_start_analysis_documents":true,"can_start_analysis_quality":false}})");
    EXPECT_EQ(
        body_of(*fill(step_of(recipe->provision, "create_user_api_5"), values)),
        R"({"credentials":{"email":"svc@acme","password":"pw"},"profile":{"company_id":"c-1","user_type":"CLIENT",)"
        R"("first_name":"first_name","last_name":"last_name","middle_name":"","is_admin":false,"is_service":true,)"
        R"("can_start_analyse_biometry":true,"can_start_analyse_collection":true,"can_start_analyse_documents":true,)"
        R"("can_start_analyse_quality":false}})");
    EXPECT_TRUE(runs(step_of(recipe->provision, "create_user"), values));
    EXPECT_FALSE(runs(step_of(recipe->provision, "create_user_api_5"), values));
    EXPECT_FALSE(runs(step_of(recipe->provision, "create_company"), values));
}

TEST_F(Oz, provisioning_needs_a_company_one_way_or_the_other) {
    const auto missing = [&](const char* name) {
        Values values;
        values.set(name, Value::text("x"));
        const auto names = missing_inputs(recipe->provision_inputs,
                                          with_defaults(recipe->provision_inputs, values));
        return std::ranges::find(names, "company") != names.end();
    };
    EXPECT_TRUE(missing("first_name"));
    EXPECT_FALSE(missing("company"));
    EXPECT_FALSE(missing("company_id"));
}

class OzServiceToken : public testing::Test {
protected:
    const RecipeHandle recipe = Library::with_built_ins().find("oz-service-token");

    Values with(std::string_view name, Value value) const {
        Values values;
        values.set("user_id", Value::text("u-1"));
        values.set("admin_token", secret("adm"));
        values.set(std::string(name), std::move(value));
        return filled_inputs(*recipe, values);
    }
    // The request of whichever service_token step runs.
    std::string request(const Values& values) const {
        for (const Step& step : recipe->acquire) {
            if (step.login || !runs(step, values)) continue;
            const auto filled = fill(step, values);
            return filled->method + " " + std::string(filled->target.reveal()) + " " +
                   header_of(*filled, "X-Forensic-Access-Token");
        }
        return "(none)";
    }
};

TEST_F(OzServiceToken, asks_in_the_form_of_each_generation) {
    EXPECT_EQ(request(with("api", Value::text("6"))), "GET /api/authorize/service_token/u-1 adm");
    EXPECT_EQ(request(with("api", Value::text("5"))), "GET /api/authorize/service_token adm");
    EXPECT_EQ(request(with("method", Value::text("POST"))),
              "POST /api/authorize/service_token/u-1 adm");
    EXPECT_EQ(request(with("trailing_slash", Value(Scalar(true)))),
              "GET /api/authorize/service_token/u-1/ adm");
}

TEST_F(OzServiceToken, keeps_the_admins_token_to_itself) {
    Values values = with("api", Value::text("6"));
    EXPECT_TRUE(recipe->keep.empty());
    EXPECT_FALSE(token_of(*recipe, values, now)) << "the login alone gives no token";
    const Step& step = step_of(recipe->acquire, "service_token");
    values.merge(
        read_answer(step, answer(200, R"({"access_token": "long", "expire_date": 1904659888.2})"),
                    values, recipe->answers, now)
            .taken);
    EXPECT_EQ(token_of(*recipe, values, now)->value.reveal(), "long");
}

TEST_F(OzServiceToken, tells_what_is_wrong) {
    const Step& step = step_of(recipe->acquire, "service_token");
    const auto verdict = [&](int status, int code) {
        return read_answer(step, answer(status, error(code)), Values(), recipe->answers, now)
            .verdict;
    };
    EXPECT_EQ(verdict(401, 6), Verdict::expired);
    EXPECT_EQ(verdict(401, 7), Verdict::expired);
    EXPECT_EQ(verdict(401, 8), Verdict::expired);
    EXPECT_EQ(verdict(403, 9), Verdict::refused);
    EXPECT_EQ(verdict(404, 10), Verdict::refused);
    EXPECT_EQ(verdict(405, 1), Verdict::unexpected);
    EXPECT_EQ(verdict(500, 11), Verdict::unavailable);
    EXPECT_EQ(read_answer(step, answer(405, error(1)), Values(), recipe->answers, now).cause,
              "HTTP 405, the upstream wants another method: set `method`");
}

}  // namespace
}  // namespace tokenbroker::recipe
