#include "provision/provision.hpp"

#include "fixture.hpp"

#include <gmock/gmock.h>

namespace tokenbroker::provision {
namespace {

using core::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* organizations =
    R"({"results": [{"id": 1, "name": "Acme", "url": "https://x/organizations/1"}]})";
constexpr const char* groups =
    R"({"results": [{"name": "annotator", "url": "https://x/groups/2"}]})";

class ProvisionRossum : public RunFixture {
protected:
    ProvisionRossum() : RunFixture("rossum") {}

    recipe::Values inputs() const {
        recipe::Values values;
        values.set("admin_username", recipe::Value::text("admin@acme"));
        values.set("admin_password", recipe::secret_input(Secret("admin-hunter2")));
        values.set("group", recipe::Value::text("annotator"));
        values.set("username", recipe::Value::text("svc@acme"));
        values.set("password", recipe::secret_input(Secret("Tr4vel-Kettle-Oboe")));
        return recipe::with_defaults(provisioning_inputs(*recipe), values);
    }
    Outcome run() {
        Provisioner provisioner(transport, clock, log, remember(), interrupted);
        return support::await(loop, provisioner.run(target(), inputs()));
    }
    void answer_up_to_creation() {
        transport.next(200, R"({"key": "ADMIN-KEY"})");
        transport.next(200, organizations);
        transport.next(200, groups);
    }
};

TEST_F(ProvisionRossum, creates_verifies_and_logs_everybody_out) {
    answer_up_to_creation();
    transport.next(201, R"({"url": "https://x/users/9"})");
    transport.next(200, R"({"key": "LOGIN-KEY"})");
    transport.next(200, R"({"key": "EXCHANGED-KEY"})");
    transport.next(200, "{}");
    transport.next(200, "{}");
    const Outcome outcome = run();
    EXPECT_TRUE(outcome.done) << outcome.error;
    EXPECT_THAT(outcome.left, IsEmpty());
    EXPECT_THAT(asked(),
                ElementsAre("POST /api/v1/auth/login", "GET /api/v1/organizations?page_size=100",
                            "GET /api/v1/groups?page_size=100", "POST /api/v1/users",
                            "POST /api/v1/auth/login", "POST /api/v1/auth/token",
                            "POST /api/v1/auth/logout", "POST /api/v1/auth/logout"));
    EXPECT_THAT(transport.asked[6].headers, HasSubstr("Bearer EXCHANGED-KEY"));
    EXPECT_THAT(transport.asked[7].headers, HasSubstr("Bearer ADMIN-KEY"));
    EXPECT_EQ(outcome.inputs.find("username")->shown(), "svc@acme");
    EXPECT_FALSE(outcome.inputs.has("admin_username"));
}

TEST_F(ProvisionRossum, tells_each_step_and_no_secret) {
    answer_up_to_creation();
    transport.next(400, R"({"password": ["Tr4vel-Kettle-Oboe is too common."]})");
    transport.next(200, "{}");
    run();
    ASSERT_EQ(reports.size(), 5U);
    EXPECT_EQ(reports[3].step, "create_user");
    EXPECT_THAT(reports[3].message, HasSubstr("*** is too common."));
    EXPECT_EQ(reports[1].taken.front().second, "https://x/organizations/1");
    for (const char* secret : {"ADMIN-KEY", "admin-hunter2", "Tr4vel-Kettle-Oboe"}) {
        EXPECT_EQ(told().find(secret), std::string::npos) << secret;
    }
}

TEST_F(ProvisionRossum, lists_the_groups_on_a_miss_and_logs_the_admin_out) {
    transport.next(200, R"({"key": "ADMIN-KEY"})");
    transport.next(200, organizations);
    transport.next(200, R"({"results": [{"name": "viewer"}, {"name": "admin"}]})");
    transport.next(200, "{}");
    const Outcome outcome = run();
    EXPECT_FALSE(outcome.done);
    EXPECT_EQ(outcome.failed_step, "find_group");
    EXPECT_THAT(reports[2].message,
                HasSubstr("no group has name \"annotator\"; there are: viewer; admin"));
    EXPECT_THAT(outcome.left, IsEmpty());
    EXPECT_EQ(asked().back(), "POST /api/v1/auth/logout");
}

TEST_F(ProvisionRossum, says_what_it_left_where_the_first_login_fails) {
    answer_up_to_creation();
    transport.next(201, R"({"url": "https://x/users/9"})");
    transport.next(401, R"({"detail": "no"})");
    transport.next(200, "{}");
    const Outcome outcome = run();
    EXPECT_FALSE(outcome.done);
    EXPECT_THAT(outcome.error, HasSubstr("the account was created, but its first login failed"));
    EXPECT_THAT(outcome.left, ElementsAre("create_user (user_url https://x/users/9)"));
    EXPECT_EQ(asked().back(), "POST /api/v1/auth/logout");
}

TEST_F(ProvisionRossum, says_that_something_may_be_left_where_no_answer_came) {
    answer_up_to_creation();
    transport.next(
        transport.fault(upstream::Phase::receive, Error(Errc::connection_lost, "lost"), true));
    transport.next(200, "{}");
    EXPECT_THAT(run().left,
                ElementsAre("create_user, perhaps: the request was sent, and no answer came"));
}

TEST_F(ProvisionRossum, says_that_something_may_be_left_where_the_answer_says_little) {
    answer_up_to_creation();
    transport.next(502, "<html>");
    transport.next(200, "{}");
    EXPECT_THAT(run().left, ElementsAre("create_user, perhaps: the upstream failed while at it"));
    answer_up_to_creation();
    transport.next(201, "{}");
    transport.next(200, "{}");
    EXPECT_THAT(run().left, ElementsAre("create_user, perhaps: the answer was not understood"));
    answer_up_to_creation();
    transport.next(400, R"({"username": ["taken"]})");
    transport.next(200, "{}");
    EXPECT_THAT(run().left, IsEmpty()) << "refused";
}

TEST_F(ProvisionRossum, begins_no_step_once_it_is_interrupted_but_logs_the_admin_out) {
    interrupt_after = "find_group";
    answer_up_to_creation();
    transport.next(200, "{}");
    Outcome outcome = run();
    EXPECT_FALSE(outcome.done);
    EXPECT_EQ(outcome.failed_step, "create_user");
    EXPECT_EQ(outcome.error, "interrupted before it");
    EXPECT_THAT(outcome.left, IsEmpty());
    EXPECT_EQ(asked().back(), "POST /api/v1/auth/logout");

    interrupted = false;
    interrupt_after = "create_user";
    answer_up_to_creation();
    transport.next(201, R"({"url": "https://x/users/9"})");
    transport.next(200, "{}");
    outcome = run();
    EXPECT_EQ(outcome.failed_step, "login");
    EXPECT_THAT(outcome.left, ElementsAre("create_user (user_url https://x/users/9)"));
    EXPECT_EQ(asked().back(), "POST /api/v1/auth/logout");
}

TEST_F(ProvisionRossum, leaves_nothing_where_the_admin_is_refused) {
    transport.next(401, "{}");
    const Outcome outcome = run();
    EXPECT_EQ(outcome.failed_step, "admin_login");
    EXPECT_THAT(outcome.left, IsEmpty());
    EXPECT_EQ(transport.asked.size(), 1U) << "there is no token to end";
}

TEST_F(ProvisionRossum, checks_the_password_before_anything_is_sent) {
    recipe::Values given = inputs();
    given.set("password", recipe::secret_input(Secret("short")));
    EXPECT_THAT(input_mistakes(*recipe, given),
                testing::Contains("the password has to have 12 to 64 characters"));
    EXPECT_THAT(input_mistakes(*recipe, inputs()), IsEmpty());
}

TEST_F(ProvisionRossum, shows_a_dry_run_without_secrets) {
    std::string text;
    for (const StepReport& report : dry_run(*recipe, inputs(), ""))
        text += report.request;
    EXPECT_THAT(
        text,
        HasSubstr(R"({"username":"admin@acme","password":"***","max_token_lifetime_s":600})"));
    EXPECT_THAT(text, HasSubstr("Bearer _admin_token_"));
    EXPECT_EQ(text.find("hunter2"), std::string::npos);
    EXPECT_EQ(text.find("Kettle"), std::string::npos);
    EXPECT_TRUE(transport.asked.empty());
}

class ProvisionOz : public RunFixture {
protected:
    ProvisionOz() : RunFixture("oz") {}

    recipe::Values given() const {
        recipe::Values values;
        values.set("admin_email", recipe::Value::text("admin@oz"));
        values.set("admin_password", recipe::secret_input(Secret("admin-hunter2")));
        values.set("company", recipe::Value::text("acme"));
        values.set("email", recipe::Value::text("svc@acme"));
        values.set("password", recipe::secret_input(Secret("Tr4vel-Kettle-Oboe")));
        values.set("first_name", recipe::Value::text("a"));
        values.set("last_name", recipe::Value::text("b"));
        return values;
    }
    Outcome run(const recipe::Values& values) {
        Provisioner provisioner(transport, clock, log, remember(), interrupted);
        return support::await(
            loop,
            provisioner.run(target(), recipe::with_defaults(provisioning_inputs(*recipe), values)));
    }
    static constexpr const char* session =
        R"({"access_token": "ACCESS", "expire_token": "EXPIRE", "expire_date": 1904659888.2})";
};

TEST_F(ProvisionOz, creates_company_and_user_of_generation_6) {
    transport.next(200, R"({"access_token": "ADMIN"})");
    transport.next(201, R"({"company_id": "c-1"})");
    transport.next(201, R"({"user_id": "u-1"})");
    transport.next(200, session);
    transport.next(200, session);
    const Outcome outcome = run(given());
    EXPECT_TRUE(outcome.done) << outcome.error;
    EXPECT_THAT(asked(),
                ElementsAre("POST /api/authorize/auth", "POST /api/companies/", "POST /api/users/",
                            "GET /api/authorize/service_token/u-1", "POST /api/authorize/auth"));
    EXPECT_THAT(transport.asked[2].body,
                HasSubstr(R"("company_id":"c-1","user_type":"CLIENT_SERVICE")"));
    EXPECT_THAT(outcome.notes,
                ElementsAre("the step service_token gave a service_token, which was dropped; it "
                            "works at the upstream until it expires",
                            "the token of the first login was dropped; this upstream has no way "
                            "to end it"));
    EXPECT_THAT(told(), testing::Not(HasSubstr("ACCESS")));
}

TEST_F(ProvisionOz, uses_a_company_that_is_there_and_generation_5) {
    recipe::Values values = given();
    values.erase("company");
    values.set("company_id", recipe::Value::text("c-7"));
    values.set("api", recipe::Value::text("5"));
    transport.next(200, R"({"access_token": "ADMIN"})");
    transport.next(201, R"({"user_id": "u-1"})");
    transport.next(200, session);
    EXPECT_TRUE(run(values).done);
    EXPECT_THAT(asked(), ElementsAre("POST /api/authorize/auth", "POST /api/users/",
                                     "POST /api/authorize/auth"));
    EXPECT_THAT(transport.asked[1].body, HasSubstr(R"("company_id":"c-7","user_type":"CLIENT")"));
    EXPECT_THAT(transport.asked[1].body, HasSubstr(R"("is_admin":false,"is_service":true)"));
}

TEST_F(ProvisionOz, sends_each_permission_as_its_generation_calls_it) {
    for (const std::string api : {"6", "5"}) {
        const std::string prefix = api == "6" ? "can_start_analysis_" : "can_start_analyse_";
        for (const char* flag : {"biometry", "collection", "documents", "quality"}) {
            recipe::Values values = given();
            values.set("api", recipe::Value::text(api));
            values.set(flag, recipe::Value(recipe::Scalar(false)));
            transport.asked.clear();
            transport.next(200, R"({"access_token": "ADMIN"})");
            transport.next(201, R"({"company_id": "c-1"})");
            transport.next(400, "{}");
            run(values);
            for (const std::string other : {"biometry", "collection", "documents", "quality"}) {
                const std::string expected = other == flag ? "false" : "true";
                EXPECT_THAT(transport.asked[2].body,
                            HasSubstr("\"" + prefix + other + "\":" + expected));
            }
        }
    }
}

TEST_F(ProvisionOz, goes_on_where_the_service_token_is_not_to_be_had) {
    transport.next(200, R"({"access_token": "ADMIN"})");
    transport.next(201, R"({"company_id": "c-1"})");
    transport.next(201, R"({"user_id": "u-1"})");
    transport.next(405, R"({"error_code": 1, "error_message": "Method not allowed"})");
    transport.next(200, session);
    EXPECT_TRUE(run(given()).done);
}

TEST_F(ProvisionOz, says_that_the_company_is_left_where_the_user_fails) {
    transport.next(200, R"({"access_token": "ADMIN"})");
    transport.next(201, R"({"company_id": "c-1"})");
    transport.next(400, R"({"error_code": 4, "error_message": "Invalid value"})");
    const Outcome outcome = run(given());
    EXPECT_EQ(outcome.failed_step, "create_user");
    EXPECT_THAT(outcome.left, ElementsAre("create_company (company_id c-1)"));
}

TEST_F(ProvisionOz, refuses_an_option_that_would_do_nothing) {
    recipe::Values values = given();
    values.set("company_id", recipe::Value::text("c-7"));
    EXPECT_THAT(input_mistakes(*recipe, values),
                ElementsAre("company is not used with the other options"));
}

}  // namespace
}  // namespace tokenbroker::provision
