#include "provision/try.hpp"

#include "base/encode.hpp"
#include "fixture.hpp"

#include <gmock/gmock.h>

namespace tokenbroker::provision {
namespace {

using testing::ElementsAre;

class TryRossum : public RunFixture {
protected:
    TryRossum() : RunFixture("rossum") {}
    Trial run() {
        recipe::Values values;
        values.set("username", recipe::Value::text("svc@acme"));
        values.set("password", recipe::secret_input(Secret("hunter2-hunter2")));
        Trier trier(transport, clock, log, remember());
        return support::await(loop,
                              trier.run(target(), recipe::with_defaults(recipe->inputs, values)));
    }
};

TEST_F(TryRossum, runs_all_of_a_recipe_and_ends_the_token) {
    transport.next(200, R"({"key": "FIRST-KEY"})");
    transport.next(200, R"({"key": "SECOND-KEY"})");
    transport.next(200, "{}");
    transport.next(200, "{}");
    const Trial trial = run();
    EXPECT_TRUE(trial.ok) << trial.error;
    EXPECT_EQ(trial.token->value.reveal(), "SECOND-KEY");
    EXPECT_EQ(trial.token->expiry.lifetime, std::chrono::hours(162));
    EXPECT_THAT(asked(), ElementsAre("POST /api/v1/auth/login", "POST /api/v1/auth/token",
                                     "GET /api/v1/auth/user", "POST /api/v1/auth/logout"));
    for (const char* secret : {"FIRST-KEY", "SECOND-KEY", "hunter2"}) {
        EXPECT_EQ(told().find(secret), std::string::npos) << secret;
    }
    EXPECT_EQ(reports.front().shape, R"({"key": text of 9})");
}

TEST_F(TryRossum, stops_at_a_refused_login) {
    transport.next(401, R"({"detail": "no"})");
    const Trial trial = run();
    EXPECT_FALSE(trial.ok);
    EXPECT_EQ(trial.failed_step, "login");
    EXPECT_FALSE(trial.token);
    EXPECT_EQ(transport.asked.size(), 1U);
}

TEST_F(TryRossum, ends_the_token_where_the_probe_fails) {
    transport.next(200, R"({"key": "FIRST-KEY"})");
    transport.next(200, R"({"key": "SECOND-KEY"})");
    transport.next(401, "{}");
    transport.next(200, "{}");
    const Trial trial = run();
    EXPECT_FALSE(trial.ok);
    EXPECT_EQ(trial.failed_step, "probe");
    EXPECT_EQ(asked().back(), "POST /api/v1/auth/logout");
}

class TryOauth : public RunFixture {
protected:
    TryOauth() : RunFixture("oauth2-client-credentials") {}
    Trial run(std::string_view client_id) {
        recipe::Values values;
        values.set("client_id", recipe::Value::text(client_id));
        values.set("client_secret", recipe::secret_input(Secret("hunter2-hunter2")));
        Trier trier(transport, clock, log, remember());
        return support::await(loop,
                              trier.run(target(), recipe::with_defaults(recipe->inputs, values)));
    }
};

// With "abcd" before it, the base64 of the secret alone is no part of the header's.
TEST_F(TryOauth, masks_the_header_that_the_credentials_went_in) {
    for (const std::string client_id : {"abc", "abcd", "abcde"}) {
        reports.clear();
        const std::string header = base64_encode(client_id + ":hunter2-hunter2");
        transport.next(400, R"({"error": "invalid_request", "error_description": "you sent )" +
                                header + R"(", ")" + header + R"(": 1})");
        const Trial trial = run(client_id);
        EXPECT_FALSE(trial.ok);
        EXPECT_EQ((told() + trial.error).find(header), std::string::npos) << told();
        EXPECT_EQ(reports.front().message, "HTTP 400: you sent *** (error invalid_request)");
        EXPECT_EQ(reports.front().shape, R"({"error": text of 15, "error_description": text of )" +
                                             std::to_string(9 + header.size()) +
                                             R"(, "***": number})");
    }
}

class TryOz : public RunFixture {
protected:
    TryOz() : RunFixture("oz") {}
};

TEST_F(TryOz, refreshes_where_a_pair_was_given) {
    transport.next(
        200, R"({"access_token": "ONE", "expire_token": "EXPIRE", "expire_date": 1904659888.2})");
    transport.next(
        200, R"({"access_token": "TWO", "expire_token": "OTHER", "expire_date": 1904659888.2})");
    recipe::Values values;
    values.set("email", recipe::Value::text("svc@acme"));
    values.set("password", recipe::secret_input(Secret("hunter2-hunter2")));
    Trier trier(transport, clock, log, remember());
    const Trial trial =
        support::await(loop, trier.run(target(), recipe::with_defaults(recipe->inputs, values)));
    EXPECT_TRUE(trial.ok) << trial.error;
    EXPECT_THAT(asked(), ElementsAre("POST /api/authorize/auth", "POST /api/authorize/refresh/"));
    EXPECT_EQ(transport.asked[1].body, R"({"expire_token":"EXPIRE"})");
}

}  // namespace
}  // namespace tokenbroker::provision
