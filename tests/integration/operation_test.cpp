#include "integration/world.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <sys/stat.h>

namespace tokenbroker::integration {
namespace {

TEST(Reload, keeps_what_did_not_change_and_starts_what_is_new) {
    World world({"--user", "other@mycompany:sandbox-password"});
    world.start({Account()});
    const HttpAnswer first = world.daemon.token("rossum");
    UnixConnection stream(world.daemon.socket());
    stream.send("GET /v1/accounts/rossum/token/events HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.read_answer();
    stream.read_event();

    world.configure({Account(), Account{.name = "other", .username = "other@mycompany"}});
    const HttpAnswer reloaded = world.daemon.post("/v1/reload");
    EXPECT_EQ(reloaded.status, 200);
    EXPECT_NE(reloaded.body.find("other"), std::string::npos);
    EXPECT_EQ(world.daemon.token("other").status, 200);
    EXPECT_EQ(world.daemon.token("rossum").body, first.body);
    EXPECT_EQ(world.sandbox.count("rossum.login", "api_user@mycompany").requests, 1U);

    world.configure({Account{.name = "other", .username = "other@mycompany"}});
    EXPECT_EQ(world.daemon.post("/v1/reload").status, 200);
    EXPECT_EQ(world.daemon.token("rossum").status, 404);
    EXPECT_TRUE(stream.closes_within(5s));
}

TEST(Reload, a_mistake_anywhere_changes_nothing) {
    World world;
    world.start({Account()});
    const HttpAnswer first = world.daemon.token("rossum");
    world.configure({Account{.more = "    colour: red"}});
    const HttpAnswer refused = world.daemon.post("/v1/reload");
    EXPECT_EQ(refused.status, 422);
    EXPECT_EQ(text(body_of(refused).at("type")), "/problems/configuration");
    EXPECT_NE(refused.body.find("colour"), std::string::npos);
    EXPECT_EQ(world.daemon.token("rossum").body, first.body);
    world.daemon.process().signal(SIGHUP);
    EXPECT_TRUE(
        eventually(5s, [&] { return world.daemon.log().find("colour") != std::string::npos; }));
    EXPECT_EQ(world.daemon.token("rossum").body, first.body);
}

TEST(Reload, another_identity_is_another_account) {
    World world({"--user", "other@mycompany:sandbox-password"});
    world.start({Account()});
    const HttpAnswer first = world.daemon.token("rossum");
    world.configure({Account{.username = "other@mycompany"}});
    ASSERT_EQ(world.daemon.post("/v1/reload").status, 200);
    const HttpAnswer second = world.daemon.token("rossum");
    EXPECT_NE(token_of(second), token_of(first));
    EXPECT_EQ(world.sandbox.count("rossum.login", "other@mycompany").requests, 1U);
}

TEST(Reload, removing_and_adding_an_account_regains_no_budget) {
    World world;
    world.start({Account{.inputs = "token_lifetime: 2s, exchange: false"},
                 Account{.name = "stays", .recipe = "oz"}},
                "throttle: { logins: 2, per: 1h }\n");
    ASSERT_TRUE(eventually(10s, [&] { return world.sandbox.count("rossum.login").requests == 2; }));
    world.configure({Account{.name = "stays", .recipe = "oz"}},
                    "throttle: { logins: 2, per: 1h }\n");
    ASSERT_EQ(world.daemon.post("/v1/reload").status, 200);
    world.configure({Account{.inputs = "token_lifetime: 2s, exchange: false"},
                     Account{.name = "stays", .recipe = "oz"}},
                    "throttle: { logins: 2, per: 1h }\n");
    ASSERT_EQ(world.daemon.post("/v1/reload").status, 200);
    EXPECT_EQ(world.daemon.token("rossum", "?wait=2s").status, 503);
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 2U);
}

TEST(Sinks, hold_the_token_run_their_command_and_go_with_the_token) {
    World world;
    const std::string folder = world.folder.make_folder("sinks", 0755);
    const std::string script = world.folder.write(
        "on-token", "#!/bin/sh\necho ran >> " + (world.folder / "ran") + "\n", 0755);
    world.start({Account{.inputs = "token_lifetime: 6s, exchange: false",
                         .more = "    sinks:\n      - { path: " + folder +
                                 "/token, mode: \"0440\", then: [ " + script +
                                 " ] }\n      - { path: " + folder + "/env, format: env }"}},
                impatient);
    const HttpAnswer answer = world.daemon.token("rossum");
    ASSERT_TRUE(eventually(5s, [&] { return read_file(folder + "/token") == token_of(answer); }));
    struct stat status {};
    ASSERT_EQ(::stat((folder + "/token").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0440U);
    EXPECT_NE(read_file(folder + "/env").find(token_of(answer)), std::string::npos);
    EXPECT_TRUE(eventually(5s, [&] { return read_file(world.folder / "ran") == "ran\n"; }));

    world.sandbox.behave(R"({"listening": false})");
    EXPECT_TRUE(eventually(12s, [&] {
        return read_file(folder + "/token").empty() &&
               ::access((folder + "/token").c_str(), F_OK) != 0;
    }));
}

TEST(Sinks, commands_that_hang_hold_up_no_login) {
    World world;
    const std::string folder = world.folder / "sinks";
    ASSERT_EQ(::mkdir(folder.c_str(), 0755), 0);
    const std::string script = world.folder.write(
        "hang", "#!/bin/sh\necho ran >> " + (world.folder / "ran") + "\nexec sleep 30\n", 0755);
    std::string sinks = "    sinks:\n";
    for (int i = 0; i < 8; ++i) {
        sinks += "      - { path: " + folder + "/" + std::to_string(i) + ", then: [ " + script +
                 " ] }\n";
    }
    world.start({Account{.more = sinks}, Account{.name = "other", .more = "    login: on_demand"}},
                impatient);
    ASSERT_TRUE(eventually(10s, [&] { return read_file(world.folder / "ran").size() == 8 * 4; }));
    EXPECT_EQ(world.daemon.token("other").status, 200);
}

TEST(Metrics, count_what_happened_and_name_no_secret) {
    World world;
    world.start({Account()});
    ASSERT_EQ(world.daemon.token("rossum").status, 200);
    EXPECT_TRUE(eventually(3s, [&] {
        return world.metric(
                   "tokenbroker_login_attempts_total{account=\"rossum\",outcome=\"ok\"}") == 1;
    })) << world.daemon.get("/metrics").body;
    EXPECT_GT(world.metric("tokenbroker_token_expiry_timestamp_seconds{account=\"rossum\"}"),
              now_seconds());
    EXPECT_GT(world.metric("tokenbroker_next_attempt_timestamp_seconds{account=\"rossum\"}"),
              now_seconds())
        << "of the refresh";
    const HttpAnswer answer = world.daemon.get("/metrics");
    EXPECT_NE(answer.header("content-type").find("version=0.0.4"), std::string::npos);
    EXPECT_EQ(answer.body.find(token_of(world.daemon.token("rossum"))), std::string::npos);
}

TEST(Metrics, of_a_running_daemon_are_what_promtool_finds_no_fault_with) {
    if (run({"/bin/sh", "-c", "command -v promtool"}).exit.status != 0)
        GTEST_SKIP() << "needs promtool (package prometheus)";
    World world;
    world.start({Account(), Account{.name = "refused", .recipe = "oz"}});
    ASSERT_EQ(world.daemon.token("rossum").status, 200);
    const std::string file = world.folder.write("metrics", world.daemon.get("/metrics").body);
    const Ran checked = run({"/bin/sh", "-c", "promtool check metrics < " + file});
    EXPECT_EQ(checked.exit.status, 0) << checked.output << checked.errors;
}

TEST(Tokenctl, gets_shows_and_exits_as_its_page_says) {
    World world;
    world.start({Account(), Account{.name = "refused", .recipe = "oz"}});
    world.sandbox.set("rossum-rate", "0");
    const std::string token = token_of(world.daemon.token("rossum"));
    EXPECT_EQ(world.tokenctl({"get", "rossum"}).output, token + "\n");
    EXPECT_EQ(world.tokenctl({"get", "rossum", "--format", "header"}).output,
              "Authorization: Bearer " + token + "\n");
    EXPECT_EQ(world.tokenctl({"get", "rossum", "--format", "env"}).output,
              "ROSSUM_TOKEN=" + token + "\n");
    EXPECT_EQ(world.tokenctl({"get", "unknown"}).exit.status, 5);
    EXPECT_EQ(world.tokenctl({"get"}).exit.status, 2);
    EXPECT_NE(world.tokenctl({"status"}).output.find("rossum"), std::string::npos);
    EXPECT_EQ(world
                  .tokenctl({"exec", "rossum", "--", "/bin/sh", "-c",
                             "test \"$ACCESS_TOKEN\" = " + token + " && exit 7"})
                  .exit.status,
              7);
    EXPECT_EQ(world.tokenctl({"refresh", "rossum", "--wait", "5s"}).exit.status, 0);
    EXPECT_NE(world.tokenctl({"get", "rossum"}).output, token + "\n");
    EXPECT_EQ(world.tokenctl({"reject", "rossum"}).exit.status, 0);
    EXPECT_EQ(world.tokenctl({"health", "--ready", "--strict"}).exit.status, 0);
    EXPECT_EQ(world.tokenctl({"access", "rossum"}).exit.status, 0);
    EXPECT_EQ(world.tokenctl({"reload"}).exit.status, 0);
    world.sandbox.behave(R"({"listening": false, "revoke": "all"})");
    world.daemon.stop();
    EXPECT_EQ(world.tokenctl({"get", "rossum"}).exit.status, 6);
}

}  // namespace
}  // namespace tokenbroker::integration
