#include "integration/provisioning.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::integration {
namespace {

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST(Provision, rossum_end_to_end_and_the_daemon_runs_with_what_is_printed) {
    World world;
    const Ran made = tokenctl(
        world, with(with(provision_as_admin(world, "rossum"), rossum_user("robot@mycompany")),
                    {"--generate-password", generated(world)}));
    ASSERT_EQ(made.exit.status, 0) << made.errors;
    const std::string password = read_file(generated(world));
    EXPECT_GE(password.size(), 12U);
    EXPECT_FALSE(holds(made.output + made.errors, password));
    EXPECT_EQ(world.sandbox.count("rossum.logout", "admin@mycompany.example").ok, 1U)
        << "the admin is logged out";
    EXPECT_EQ(world.sandbox.count("rossum.logout", "robot@mycompany").ok, 1U)
        << "the token of the first login is ended";
    EXPECT_TRUE(holds(made.errors, "outside of any daemon's count"));

    const HttpAnswer answer = token_with(world, made.output, "rossum");
    ASSERT_EQ(answer.status, 200) << made.output << world.daemon.log();
    EXPECT_EQ(world.sandbox.count("rossum.exchange", "robot@mycompany").ok, 2U)
        << "verified once, and the daemon's own";
}

class ProvisionOz : public ::testing::TestWithParam<std::string> {};

TEST_P(ProvisionOz, end_to_end_and_the_daemon_runs_with_what_is_printed) {
    const std::string& api = GetParam();
    World world({"--oz-api", api});
    const Ran made = tokenctl(world, with(with(provision_as_admin(world, "oz"), oz_user(api)),
                                          {"--account", "liveness", "--biometry", "false",
                                           "--generate-password", generated(world)}));
    ASSERT_EQ(made.exit.status, 0) << made.errors;
    const std::string password = read_file(generated(world));
    EXPECT_FALSE(holds(made.output + made.errors, password));
    EXPECT_TRUE(holds(made.errors, "create_company: ok")) << made.errors;
    EXPECT_EQ(world.sandbox.count("oz.users").ok, 1U);
    EXPECT_EQ(world.sandbox.count("oz.service_token").requests, api == "6" ? 1U : 0U);
    EXPECT_EQ(holds(made.errors, "gave a service_token, which was dropped"), api == "6")
        << made.errors;

    const HttpAnswer answer = token_with(world, made.output, "liveness");
    ASSERT_EQ(answer.status, 200) << made.output << world.daemon.log();
    const auto body = body_of(answer);
    EXPECT_EQ(text(body.at("header").at("name")), "X-Forensic-Access-Token");
    EXPECT_EQ(text(body.at("expires_at")).substr(0, 3), "203") << "a service account's: years";
    EXPECT_EQ(world.sandbox.count("oz.login", "robot@acme").ok, 2U)
        << "verified once, and the daemon's own";
}

TEST_P(ProvisionOz, in_the_form_of_the_other_generation_is_refused_and_the_company_is_told) {
    World world({"--oz-api", GetParam()});
    const Ran failed = tokenctl(
        world, with(with(provision_as_admin(world, "oz"), oz_user(GetParam() == "6" ? "5" : "6")),
                    {"--generate-password", generated(world)}));
    EXPECT_EQ(failed.exit.status, 1);
    EXPECT_TRUE(holds(failed.errors, "left behind at the upstream: create_company (company_id "))
        << failed.errors;
    EXPECT_TRUE(holds(failed.errors, "left behind here: " + generated(world))) << failed.errors;
}

INSTANTIATE_TEST_SUITE_P(Generation, ProvisionOz, ::testing::Values("6", "5"),
                         [](const auto& parameter) { return parameter.param; });

TEST(Provision, oz_at_a_site_that_wants_one_form_of_every_path) {
    for (const auto& [site, input] :
         {std::pair("required", "true"), std::pair("forbidden", "never")}) {
        World world({"--oz-slash", site});
        const Ran made = tokenctl(
            world, with(with(provision_as_admin(world, "oz"), oz_user("6")),
                        {"--trailing-slash", input, "--generate-password", generated(world)}));
        ASSERT_EQ(made.exit.status, 0) << made.errors;
        EXPECT_EQ(world.sandbox.count("oz.service_token").ok, 1U);
        EXPECT_TRUE(holds(made.output, "trailing_slash: ")) << made.output;
        EXPECT_EQ(token_with(world, made.output, "oz").status, 200)
            << made.output << world.daemon.log();
    }
}

TEST(Provision, oz_in_a_company_that_is_there) {
    World world;
    Words words = oz_user("6");
    words[4] = "--company-id";
    words[5] = "no-such-company";
    const Ran failed = tokenctl(world, with(with(provision_as_admin(world, "oz"), words),
                                            {"--generate-password", generated(world)}));
    EXPECT_EQ(failed.exit.status, 1);
    EXPECT_EQ(world.sandbox.count("oz.companies").requests, 0U);
    EXPECT_TRUE(holds(failed.errors, "nothing was left behind")) << failed.errors;
}

TEST(Provision, oz_in_the_company_that_is_named) {
    World world;
    Words words = oz_user("6");
    words[4] = "--company-id";
    words[5] = "11111111-2222-3333-4444-555555555555";
    const Ran made = tokenctl(world, with(with(provision_as_admin(world, "oz"), words),
                                          {"--generate-password", generated(world)}));
    ASSERT_EQ(made.exit.status, 0) << made.errors;
    EXPECT_EQ(world.sandbox.count("oz.companies").requests, 0U);
    EXPECT_EQ(token_with(world, made.output, "oz").status, 200) << world.daemon.log();
}

// What the vendors answer to the steps that create something.
struct Refusal {
    const char* recipe;
    const char* endpoint;
    const char* answer;
    const char* step;
    const char* says;
    const char* left;
};

TEST(Provision, that_is_refused_tells_the_upstream_s_reasons) {
    const char* forbidden =
        R"("status": 403, "body": {"error_code": 9, "error_message": "Access denied for the current user.", "details": null})";
    for (
        const Refusal& refusal :
        {Refusal{"oz", "oz.companies", forbidden, "the step create_company failed",
                 "the account lacks the permission", "nothing was left behind at the upstream"},
         Refusal{"oz", "oz.users", forbidden, "the step create_user failed",
                 "Access denied for the current user.", "create_company (company_id "},
         Refusal{
             "rossum", "rossum.users",
             R"("status": 400, "body": {"username": ["A user with that username already exists."], "password": ["This password is too common."]})",
             "the step create_user failed",
             "username: A user with that username already exists.; password: This password is "
             "too common.",
             "nothing was left behind at the upstream"},
         Refusal{"rossum", "rossum.users",
                 R"("status": 403, "body": {"detail": "You do not have permission."})",
                 "the step create_user failed", "You do not have permission.",
                 "nothing was left behind at the upstream"}}) {
        World world;
        world.sandbox.fault(std::string(R"({"do": "status", "endpoint": ")") + refusal.endpoint +
                            "\", " + refusal.answer + "}");
        const std::string recipe = refusal.recipe;
        const Words user = recipe == "oz" ? oz_user("6") : rossum_user("robot@mycompany");
        const Ran failed = tokenctl(world, with(with(provision_as_admin(world, recipe), user),
                                                {"--generate-password", generated(world)}));
        EXPECT_EQ(failed.exit.status, 1);
        for (const char* part : {refusal.step, refusal.says, refusal.left})
            EXPECT_TRUE(holds(failed.errors, part)) << part << "\n" << failed.errors;
        EXPECT_EQ(failed.output, "");
    }
}

TEST(Provision, rossum_finds_an_organization_by_its_id_however_many_there_are) {
    World world(
        {"--rossum-organizations", "150", "--rossum-rate", "0", "--rossum-totals", "false"});
    const Words words =
        with(with(provision_as_admin(world, "rossum"), rossum_user("robot@mycompany")),
             {"--generate-password", generated(world)});
    const Ran unknown = tokenctl(world, with(words, {"--organization-id", "99"}));
    EXPECT_EQ(unknown.exit.status, 1);
    EXPECT_TRUE(holds(unknown.errors, "without an organization_id the choices are told"))
        << unknown.errors;
    const Ran made = tokenctl(world, with(words, {"--organization-id", "1380"}));
    ASSERT_EQ(made.exit.status, 0) << made.errors;
    EXPECT_TRUE(holds(made.errors, "/organizations/1380")) << made.errors;
}

TEST(Provision, rossum_says_what_there_is_to_choose_from) {
    World world({"--rossum-organizations", "2", "--rossum-rate", "0"});
    const Ran several = tokenctl(
        world, with(with(provision_as_admin(world, "rossum"), rossum_user("robot@mycompany")),
                    {"--generate-password", generated(world)}));
    EXPECT_EQ(several.exit.status, 1);
    EXPECT_TRUE(holds(several.errors, "1234")) << several.errors;
    EXPECT_TRUE(holds(several.errors, "1235")) << several.errors;

    Words chosen = rossum_user("robot@mycompany");
    chosen[3] = "boss";
    const Ran no_group = tokenctl(
        world, with(with(provision_as_admin(world, "rossum"), chosen),
                    {"--organization-id", "1235", "--generate-password", generated(world)}));
    EXPECT_EQ(no_group.exit.status, 1);
    EXPECT_TRUE(holds(no_group.errors, "annotator_limited")) << no_group.errors;
    EXPECT_EQ(world.sandbox.count("rossum.users").requests, 0U);
    EXPECT_EQ(world.sandbox.count("rossum.logout", "admin@mycompany.example").ok, 2U)
        << "the admin is logged out whatever happened";
}

TEST(Provision, rossum_s_password_rules_are_checked_before_anything_is_sent) {
    World world;
    world.folder.write("weak", "short\n");
    const Ran refused = tokenctl(
        world, with(with(provision_as_admin(world, "rossum"), rossum_user("robot@mycompany")),
                    {"--password-file", world.folder / "weak"}));
    EXPECT_EQ(refused.exit.status, 2);
    EXPECT_TRUE(holds(refused.errors, "12 to 64 characters")) << refused.errors;
    EXPECT_TRUE(world.sandbox.events().empty());
}

TEST(Provision, says_what_it_left_behind_when_a_later_step_fails) {
    World world;
    world.sandbox.fault(
        R"({"endpoint": "oz.users", "do": "status", "status": 400, "body": {"error_code": 13, "error_message": "User already exists", "details": null}})");
    const Words words = with(with(provision_as_admin(world, "oz"), oz_user("6")),
                             {"--generate-password", generated(world)});
    const Ran failed = tokenctl(world, words);
    EXPECT_EQ(failed.exit.status, 1);
    EXPECT_TRUE(holds(failed.errors, "User already exists")) << failed.errors;
    EXPECT_TRUE(holds(failed.errors, "create_company (company_id ")) << failed.errors;
    EXPECT_EQ(failed.output, "") << "there is no account to configure";
}

TEST(Provision, removes_the_password_that_nothing_has_so_that_it_can_be_run_again) {
    World world;
    world.sandbox.fault(R"({"endpoint": "rossum.login", "do": "status", "status": 503})");
    const Words words =
        with(with(provision_as_admin(world, "rossum"), rossum_user("robot@mycompany")),
             {"--generate-password", generated(world)});
    const Ran failed = tokenctl(world, words);
    EXPECT_EQ(failed.exit.status, 1);
    EXPECT_TRUE(holds(failed.errors, "nothing was left behind at the upstream")) << failed.errors;
    EXPECT_EQ(read_file(generated(world)), "");
    const Ran again = tokenctl(world, words);
    EXPECT_EQ(again.exit.status, 0) << again.errors;
}

TEST(Provision, that_is_interrupted_ends_with_the_step_and_tells_what_there_is) {
    World world;
    world.sandbox.fault(R"({"endpoint": "oz.users", "do": "delay", "delay": "1s"})");
    const std::string told = world.folder / "told";
    Process::Options options;
    options.argv = with(with({TOKENCTL}, provision_as_admin(world, "oz")),
                        with(oz_user("6"), {"--generate-password", generated(world)}));
    options.environment = tokenctl_environment(world);
    options.error_file = told;
    Process provisioning(options);
    ASSERT_TRUE(eventually(5s, [&] { return world.sandbox.count("oz.users").requests == 1; }))
        << read_file(told);
    provisioning.signal(SIGINT);
    const auto ended = provisioning.wait(10s);
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->status, 1);
    EXPECT_TRUE(holds(read_file(told), "left behind at the upstream: create_user (user_id "))
        << read_file(told);
    EXPECT_EQ(world.sandbox.count("oz.service_token").requests, 0U);
}

TEST(Provision, a_dry_run_sends_nothing_and_shows_no_secret) {
    World world;
    for (const std::string api : {"6", "5"}) {
        const Ran shown =
            tokenctl(world, with(with(provision_as_admin(world, "oz"), oz_user(api)),
                                 {"--generate-password", generated(world), "--dry-run"}));
        EXPECT_EQ(shown.exit.status, 0) << shown.errors;
        EXPECT_TRUE(holds(shown.output, api == "6" ? "CLIENT_SERVICE" : "\"is_service\":true"));
        EXPECT_TRUE(holds(shown.output, R"("password":"***")")) << shown.output;
        EXPECT_FALSE(holds(shown.output + shown.errors, "sandbox-admin-password"));
    }
    EXPECT_TRUE(world.sandbox.events().empty());
    EXPECT_EQ(read_file(generated(world)), "") << "none was made";

    Words nowhere = with(provision(world, "rossum"), rossum_user("robot@mycompany"));
    nowhere[3] = "https://upstream.invalid";
    const Ran offline = tokenctl(world, with(nowhere, {"--dry-run"}));
    EXPECT_EQ(offline.exit.status, 0) << "no name is looked up: " << offline.errors;
    EXPECT_TRUE(holds(offline.output, "/api/v1/users"));
}

TEST(Provision, a_missing_or_wrong_option_is_usage) {
    World world;
    const Words rossum = provision_as_admin(world, "rossum");
    const Words user = rossum_user("robot@mycompany");
    const std::vector<Words> lines = {
        {"provision"},
        {"provision", "--base-url", world.sandbox.url()},
        {"provision", "docker-hub", "--base-url", world.sandbox.url()},
        with({"provision", "rossum"}, user),
        rossum,
        with(rossum, with(user, {"--no-such-option", "x"})),
        with(rossum, with(user, {"--organization-id", "one"})),
        with(rossum, with(user, {"--credential", "x"})),
        with(rossum, with(user, {"--account", "Not a name", "--generate-password", "x"})),
        with(rossum, user),  // no password, and no terminal to ask for it on
    };
    for (const Words& words : lines) {
        const Ran refused = tokenctl(world, words);
        EXPECT_EQ(refused.exit.status, 2) << words.back() << ": " << refused.errors;
        EXPECT_FALSE(refused.errors.empty());
    }
    EXPECT_TRUE(world.sandbox.events().empty());
}

}  // namespace
}  // namespace tokenbroker::integration
