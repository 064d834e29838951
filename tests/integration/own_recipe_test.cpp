// A recipe for an API that the program has never seen, from its first line to a token: the tutorial
// of docs/recipes.md as it stands there, and what `tokenctl recipes` says on the way.

#include "integration/provisioning.hpp"
#include "support/terminal.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace tokenbroker::integration {
namespace {

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// The code blocks of a language in the tutorial, in their order.
std::vector<std::string> blocks(const std::string& language) {
    std::istringstream page(read_file(TOKENBROKER_DOCS "/recipes.md"));
    std::vector<std::string> found;
    std::optional<std::string> inside;  // the language of a block
    std::string block;
    for (std::string line; std::getline(page, line);) {
        if (!line.starts_with("```")) {
            block += line + "\n";
        } else if (inside) {
            if (*inside == language) found.push_back(block);
            inside.reset();
        } else {
            inside = line.substr(3);
            block.clear();
        }
    }
    return found;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    const auto at = text.find(what);
    if (at == std::string::npos) throw std::runtime_error("the page has no " + what);
    return text.replace(at, what.size(), by);
}

// The world of the tutorial: its recipe in a folder, and the stand-in that it describes.
struct Tutorial : World {
    Tutorial() {
        const auto yaml = blocks("yaml");
        std::string recipe;
        for (const std::string& block : yaml) {
            if (holds(block, "accounts:")) {
                account = block;
            } else {
                recipe += block;
            }
        }
        recipes = folder.make_folder("recipes", 0755);
        file = folder.write("recipes/parcel.yaml", recipe, 0644);
        const std::string stand_in = blocks("sh").at(0);
        const auto begin = stand_in.find('\'') + 1;
        sandbox.behave(stand_in.substr(begin, stand_in.rfind('\'') - begin));
    }
    std::string recipes;
    std::string file;
    std::string account;
};

TEST(Tutorial, writes_a_recipe_that_is_right_and_can_be_tried) {
    Tutorial world;
    const Ran checked = tokenctl(world, {"recipes", "check", world.file});
    EXPECT_EQ(checked.exit.status, 0) << checked.errors;
    EXPECT_EQ(checked.output, "the recipe \"parcel\" is right\n");

    TerminalProcess terminal(
        {TOKENCTL, "recipes", "try", world.file, "--base-url", world.sandbox.url(), "--ca-file",
         world.sandbox.ca_file(), "--login", "svc"},
        tokenctl_environment(world));
    ASSERT_TRUE(terminal.shows("passphrase: ")) << terminal.shown();
    terminal.type("open sesame\n");
    EXPECT_EQ(terminal.ended().status, 0) << terminal.shown();
    EXPECT_FALSE(holds(terminal.shown(), "open sesame"));
    // The answer as the page shows it, line by line.
    std::istringstream promised(blocks("").at(0));
    std::string line;
    std::getline(promised, line);  // the command
    std::getline(promised, line);  // the question, which was answered
    while (std::getline(promised, line)) {
        if (holds(line, "https://") || holds(line, "expires: ")) continue;
        EXPECT_TRUE(terminal.shows(line)) << line << "\n" << terminal.shown();
    }
    EXPECT_EQ(world.sandbox.count("served:/v2/me").ok, 1U);
    EXPECT_EQ(world.sandbox.count("unknown").requests, 0U);
}

TEST(Tutorial, its_account_is_served_by_a_daemon) {
    Tutorial world;
    std::string yaml = replaced(world.account, "/etc/tokenbroker/recipes", world.recipes);
    yaml =
        replaced(yaml, "https://api.parcel.example",
                 world.sandbox.url() + "\n    tls: { ca_file: " + world.sandbox.ca_file() + " }");
    yaml = replaced(yaml, "user: shipping", "uid: " + std::to_string(::getuid()));
    world.daemon.configure(yaml);
    const std::string credentials = world.folder.make_folder("credentials");
    world.folder.write("credentials/parcel", "open sesame\n");
    world.daemon.start({{"CREDENTIALS_DIRECTORY", credentials}});
    const HttpAnswer answer = world.daemon.token("parcel");
    ASSERT_EQ(answer.status, 200) << answer.body << world.daemon.log();
    EXPECT_EQ(text(body_of(answer).at("header").at("name")), "X-Parcel-Session");
    EXPECT_EQ(text(body_of(answer).at("expiry_source")), "stated");
}

TEST(Tutorial, its_refusal_suspends_and_its_throttle_waits) {
    for (const auto& [passphrase, problem, state] :
         {std::tuple("wrong\n", "bad_login", "suspended"),
          std::tuple("open sesame\n", "slow_down", "throttled")}) {
        Tutorial world;
        if (std::string(problem) == "slow_down") {
            world.sandbox.fault(
                R"({"endpoint": "served:/v2/sign-in", "do": "status", "status": 200, "times": 0, "body": {"problem": "slow_down"}})");
        }
        const std::string secret = world.folder.write("passphrase", passphrase);
        world.daemon.configure(
            "recipes: [ " + world.recipes +
            " ]\naccounts:\n  parcel:\n    recipe: parcel\n    base_url: " + world.sandbox.url() +
            "\n    tls: { ca_file: " + world.sandbox.ca_file() +
            " }\n    inputs: { login: svc, passphrase: { file: " + secret + " } }\n");
        world.daemon.start();
        EXPECT_TRUE(eventually(5s, [&] { return world.daemon.login_state("parcel") == state; }))
            << world.daemon.log();
        EXPECT_EQ(world.sandbox.count("served:/v2/sign-in").requests, 1U);
    }
}

TEST(Recipes, are_listed_and_shown) {
    Tutorial world;
    const Ran listed = tokenctl(world, {"recipes"});
    EXPECT_EQ(listed.exit.status, 0);
    for (const char* name : {"rossum", "oz", "oz-service-token", "oauth2-client-credentials",
                             "oauth2-password", "oauth2-refresh-token"})
        EXPECT_TRUE(holds(listed.output, name)) << listed.output;
    EXPECT_EQ(tokenctl(world, {"recipes", "list"}).output, listed.output);
    for (const Words& with_folder :
         {Words{"--recipes", world.recipes}, Words{"--recipes=" + world.recipes}}) {
        EXPECT_TRUE(
            holds(tokenctl(world, with({"recipes", "list"}, with_folder)).output, "parcel"));
        EXPECT_EQ(tokenctl(world, with({"recipes", "show", "parcel"}, with_folder)).output,
                  read_file(world.file));
    }
    const Ran unknown = tokenctl(world, {"recipes", "show", "rosum"});
    EXPECT_EQ(unknown.exit.status, 1);
    EXPECT_TRUE(holds(unknown.errors, "did you mean \"rossum\"?")) << unknown.errors;
    EXPECT_EQ(tokenctl(world, {"recipes", "lst"}).exit.status, 2);
    EXPECT_EQ(tokenctl(world, {"recipes", "show"}).exit.status, 2);
    EXPECT_EQ(tokenctl(world, {"recipes", "try", world.file}).exit.status, 2);
}

TEST(Recipes, are_checked_as_the_daemon_checks_its_configuration) {
    World world;
    const std::string wrong = world.folder.write(
        "wrong.yaml", "recipe: wrong\ntitle: x\nacquire: [ { stp: login } ]\n", 0644);
    const Ran mistakes = tokenctl(world, {"recipes", "check", wrong});
    EXPECT_EQ(mistakes.exit.status, 1);
    EXPECT_EQ(mistakes.output, "");
    EXPECT_TRUE(holds(mistakes.errors, wrong + ":3:14: unknown key \"stp\"")) << mistakes.errors;
    EXPECT_TRUE(holds(mistakes.errors, "did you mean \"step\"?")) << mistakes.errors;
    EXPECT_EQ(tokenctl(world, {"recipes", "check", world.folder / "missing.yaml"}).exit.status, 1);
}

TEST(Recipes, that_fail_when_tried_say_which_step_and_why) {
    Tutorial world;
    const std::string secret = world.folder.write("wrong", "wr0ng-one\n");
    const Ran failed = tokenctl(
        world, {"recipes", "try", world.file, "--base-url", world.sandbox.url(), "--ca-file",
                world.sandbox.ca_file(), "--login", "svc", "--passphrase-file", secret});
    EXPECT_EQ(failed.exit.status, 1);
    EXPECT_TRUE(holds(failed.output, "login: refused, HTTP 200")) << failed.output;
    EXPECT_TRUE(holds(failed.errors, "the step login failed: HTTP 200, \"/problem\" is bad_login"))
        << failed.errors;
    EXPECT_FALSE(holds(failed.output + failed.errors, "wr0ng-one"));
}

TEST(Recipes, that_spend_a_secret_when_tried_say_so_first) {
    World world;
    const std::string secret = world.folder.write("secret", "sandbox-refresh-token\n");
    const std::string client = world.folder.write("client", "sandbox-secret\n");
    const auto tried = [&](const std::string& recipe, const Words& more) {
        const std::string file = world.folder.write(
            recipe + ".yaml", tokenctl(world, {"recipes", "show", recipe}).output, 0644);
        return tokenctl(world, with({"recipes", "try", file, "--base-url", world.sandbox.url(),
                                     "--ca-file", world.sandbox.ca_file(), "--client-id",
                                     "sandbox-client", "--client-secret-file", client},
                                    more));
    };
    const std::string warning = "This may use the refresh_token up";
    const Ran rotates = tried("oauth2-refresh-token", {"--refresh-token-file", secret});
    EXPECT_EQ(rotates.exit.status, 0) << rotates.errors;
    EXPECT_TRUE(holds(rotates.output, warning)) << rotates.output;
    EXPECT_LT(rotates.output.find(warning), rotates.output.find("login: ok"));
    const Ran again = tried("oauth2-refresh-token", {"--refresh-token-file", secret});
    EXPECT_EQ(again.exit.status, 1) << "it was used up";
    EXPECT_FALSE(holds(tried("oauth2-client-credentials", {}).output, warning));
}

TEST(Recipes, that_need_a_secret_by_another_input_ask_for_it) {
    World world;
    const std::string file = world.folder.write(
        "own.yaml", tokenctl(world, {"recipes", "show", "oauth2-password"}).output, 0644);
    const std::string secret = world.folder.write("secret", "sandbox-password\n");
    const Words words = {"recipes",
                         "try",
                         file,
                         "--base-url",
                         world.sandbox.url(),
                         "--ca-file",
                         world.sandbox.ca_file(),
                         "--client-id",
                         "sandbox-client",
                         "--username",
                         "user@oauth.example",
                         "--password-file",
                         secret};
    EXPECT_EQ(tokenctl(world, words).exit.status, 2) << "basic needs the client's secret";
    TerminalProcess terminal(with({TOKENCTL}, words), tokenctl_environment(world));
    ASSERT_TRUE(terminal.shows("client_secret: ")) << terminal.shown();
    terminal.type("sandbox-secret\n");
    EXPECT_EQ(terminal.ended().status, 0) << terminal.shown();
}

}  // namespace
}  // namespace tokenbroker::integration
