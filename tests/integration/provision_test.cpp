#include "integration/world.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::integration {
namespace {

using Words = std::vector<std::string>;

Ran tokenctl(const World& world, Words words, const std::string& input = "") {
    words.insert(words.begin(), TOKENCTL);
    return run(
        words,
        {{"TOKENBROKER_SOCKET", world.daemon.socket()}, {"TOKENBROKER_LIBEXEC", TOKENCTL_LIBEXEC}},
        input);
}

Words with(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

// `provision RECIPE` against the sandbox, with the administrator's password in a file.
Words provision(const World& world, const std::string& recipe) {
    world.folder.write("admin", "sandbox-admin-password\n");
    return {"provision",
            recipe,
            "--base-url",
            world.sandbox.url(),
            "--ca-file",
            world.sandbox.ca_file(),
            "--admin-password-file",
            world.folder / "admin"};
}
Words provision_rossum(const World& world, const std::string& username) {
    return with(provision(world, "rossum"),
                {"--admin-username", "admin@mycompany.example", "--group", "annotator",
                 "--username", username, "--generate-password", world.folder / "generated"});
}

// A daemon with what was printed gets a token.
void expect_token_with(World& world, const std::string& printed, const std::string& account) {
    world.daemon.configure(printed);
    world.daemon.start();
    EXPECT_EQ(world.daemon.token(account).status, 200) << printed << world.daemon.log();
}

TEST(Provision, rossum_end_to_end_and_the_daemon_runs_with_what_is_printed) {
    World world;
    const Ran made = tokenctl(world, provision_rossum(world, "robot@mycompany"));
    ASSERT_EQ(made.exit.status, 0) << made.errors;
    const std::string password = read_file(world.folder / "generated");
    EXPECT_GE(password.size(), 12U);
    EXPECT_EQ((made.output + made.errors).find(password), std::string::npos);
    EXPECT_EQ(world.sandbox.count("rossum.logout", "admin@mycompany.example").ok, 1U)
        << "the admin is logged out";
    expect_token_with(world, made.output, "rossum");
    EXPECT_EQ(world.sandbox.count("rossum.exchange", "robot@mycompany").ok, 2U)
        << "verified once, and the daemon's own";
}

TEST(Provision, rossum_says_what_there_is_to_choose_from) {
    World world({"--rossum-organizations", "2", "--rossum-rate", "0"});
    const Ran several = tokenctl(world, provision_rossum(world, "robot@mycompany"));
    EXPECT_EQ(several.exit.status, 1);
    EXPECT_NE(several.errors.find("1234"), std::string::npos) << several.errors;
    EXPECT_NE(several.errors.find("1235"), std::string::npos) << several.errors;

    const Words chosen =
        with(provision(world, "rossum"),
             {"--admin-username", "admin@mycompany.example", "--organization-id", "1235",
              "--username", "robot@mycompany", "--generate-password", world.folder / "second"});
    const Ran no_group = tokenctl(world, with(chosen, {"--group", "boss"}));
    EXPECT_EQ(no_group.exit.status, 1);
    EXPECT_NE(no_group.errors.find("annotator_limited"), std::string::npos) << no_group.errors;
    EXPECT_EQ(world.sandbox.count("rossum.users").requests, 0U);
}

TEST(Provision, rossum_s_password_rules_are_checked_before_anything_is_sent) {
    World world;
    world.folder.write("weak", "short\n");
    const Ran refused = tokenctl(
        world, with(provision(world, "rossum"),
                    {"--admin-username", "admin@mycompany.example", "--group", "admin",
                     "--username", "robot@mycompany", "--password-file", world.folder / "weak"}));
    EXPECT_NE(refused.exit.status, 0);
    EXPECT_NE(refused.errors.find("12"), std::string::npos) << refused.errors;
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 0U);
}

TEST(Provision, says_what_it_left_behind_when_a_later_step_fails) {
    World world;
    world.sandbox.fault(
        R"({"endpoint": "oz.users", "do": "status", "status": 400, "body": {"error_code": 13, "error_message": "User already exists", "details": null}})");
    const Ran failed = tokenctl(
        world,
        with(provision(world, "oz"), {"--admin-email", "admin@oz.example", "--company", "acme",
                                      "--email", "robot@acme", "--first-name", "A", "--last-name",
                                      "B", "--generate-password", world.folder / "generated"}));
    EXPECT_EQ(failed.exit.status, 1);
    EXPECT_NE(failed.errors.find("User already exists"), std::string::npos) << failed.errors;
    EXPECT_NE(failed.errors.find("create_company"), std::string::npos) << failed.errors;
}

TEST(Provision, oz_of_both_generations) {
    for (const std::string api : {"6", "5"}) {
        World world({"--oz-api", api});
        const Ran made = tokenctl(
            world,
            with(provision(world, "oz"),
                 {"--admin-email", "admin@oz.example", "--api", api, "--company", "acme", "--email",
                  "robot@acme", "--first-name", "John", "--last-name", "Doe", "--biometry", "false",
                  "--generate-password", world.folder / "generated"}));
        ASSERT_EQ(made.exit.status, 0) << api << made.errors;
        expect_token_with(world, made.output, "oz");
    }
}

TEST(Provision, a_dry_run_sends_nothing_and_shows_no_secret) {
    World world;
    const Ran shown =
        tokenctl(world, with(provision_rossum(world, "robot@mycompany"), {"--dry-run"}));
    EXPECT_EQ(shown.exit.status, 0) << shown.errors;
    EXPECT_NE(shown.output.find("/api/v1/users"), std::string::npos);
    EXPECT_EQ((shown.output + shown.errors).find("sandbox-admin-password"), std::string::npos);
    EXPECT_TRUE(world.sandbox.counts().at("endpoints").as_object().empty());
}

TEST(Provision, a_missing_option_is_usage) {
    World world;
    EXPECT_EQ(
        tokenctl(world, {"provision", "rossum", "--base-url", world.sandbox.url()}).exit.status, 2);
}

constexpr const char* own_recipe = R"(recipe: mine
title: An API that nobody has heard of
inputs:
  user: { required: true, identity: true }
  secret: { required: true, secret: true }
acquire:
  - step: login
    login: true
    request: { method: POST, path: /session, json: { user: "${user}", secret: "${secret}" } }
    take: { token: /id }
token:
  value: "${token}"
  header: { name: X-Session, value: "${token}" }
  expires: { after: 1h }
)";

TEST(OwnRecipe, is_checked_tried_and_used_by_the_daemon) {
    World world;
    world.sandbox.behave(
        R"({"serve": {"method": "POST", "path": "/session", "status": 201, "body": {"id": "$RANDOM"}}})");
    const std::string folder = world.folder.make_folder("recipes", 0755);
    const std::string file = world.folder.write("recipes/mine.yaml", own_recipe, 0644);
    EXPECT_EQ(tokenctl(world, {"recipes", "check", file}).exit.status, 0);

    const std::string secret = world.folder.write("secret", "Pl@nted\n");
    const Ran tried =
        tokenctl(world, {"recipes", "try", file, "--base-url", world.sandbox.url(), "--ca-file",
                         world.sandbox.ca_file(), "--user", "me", "--secret-file", secret});
    EXPECT_EQ(tried.exit.status, 0) << tried.errors;
    EXPECT_EQ((tried.output + tried.errors).find("Pl@nted"), std::string::npos);

    world.daemon.configure(
        "recipes: [ " + folder + " ]\naccounts:\n  own:\n    recipe: mine\n    base_url: " +
        world.sandbox.url() + "\n    tls: { ca_file: " + world.sandbox.ca_file() +
        " }\n    inputs: { user: me, secret: { file: " + secret + " } }\n");
    world.daemon.start();
    const HttpAnswer answer = world.daemon.token("own");
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(text(body_of(answer).at("header").at("name")), "X-Session");

    const std::string wrong = world.folder.write(
        "recipes-wrong.yaml", "recipe: wrong\ntitle: x\nacquire: [ { stp: login } ]\n", 0644);
    const Ran mistakes = tokenctl(world, {"recipes", "check", wrong});
    EXPECT_EQ(mistakes.exit.status, 1);
    EXPECT_NE(mistakes.errors.find(":3:"), std::string::npos) << mistakes.errors;
}

}  // namespace
}  // namespace tokenbroker::integration
