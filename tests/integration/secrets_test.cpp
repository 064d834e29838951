#include "base/encode.hpp"
#include "integration/world.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::integration {
namespace {

// Each way in which a secret could be written down by mistake.
std::vector<std::string> spellings(const std::string& secret) {
    const std::string quoted = json_quote(secret);
    return {secret,
            quoted.substr(1, quoted.size() - 2),
            percent_encode(secret),
            form_encode(secret),
            base64_encode(secret),
            base64_encode("sandbox-client:" + secret),
            hex_encode(secret)};
}

void expect_absent(const std::string& text, const std::string& secret, const std::string& where) {
    for (const std::string& spelling : spellings(secret)) {
        const auto at = text.find(spelling);
        EXPECT_EQ(at, std::string::npos)
            << where << " holds \"" << spelling
            << "\": " << text.substr(at == std::string::npos || at < 300 ? 0 : at - 300, 600);
        if (at != std::string::npos) return;
    }
}

TEST(Secrets, are_in_no_log_metric_status_error_or_file) {
    const std::string password = "Pl@nted \"quote\" \\back/slash é&=+ 4711";
    const std::string client_secret = "Pl@nted-client:secret%20+&=";
    World world;
    world.sandbox.set("rossum-rate", "0");
    world.sandbox.behave(R"({"password": {"user": "api_user@mycompany", "password": )" +
                         json_quote(password) + "}}");
    world.sandbox.behave(R"({"password": {"user": "sandbox-client", "password": )" +
                         json_quote(client_secret) + "}}");
    world.write_password("rossum", password);
    world.write_password("oauth", client_secret);
    world.write_password("refused", "Pl@nted-wrong-password");
    world.start({Account{.inputs = "token_lifetime: 4s"},
                 Account{.name = "oauth", .recipe = "oauth2-client-credentials"},
                 Account{.name = "refused"}, Account{.name = "oz", .recipe = "oz"}},
                impatient);

    std::vector<std::string> secrets{password, client_secret, "Pl@nted-wrong-password",
                                     "sandbox-password"};
    for (const char* account : {"rossum", "oauth", "oz"}) {
        const HttpAnswer answer = world.daemon.token(account);
        ASSERT_EQ(answer.status, 200) << answer.body;
        secrets.push_back(token_of(answer));
    }
    std::string heard;
    // An upstream that quotes what it was sent, wherever the broker may repeat its words.
    for (const char* endpoint :
         {"rossum.login", "rossum.exchange", "rossum.user", "oz.login", "oauth.token"}) {
        for (const char* status : {"400", "401", "404", "429", "500"}) {
            world.sandbox.fault(R"({"do": "echo", "endpoint": ")" + std::string(endpoint) +
                                R"(", "status": )" + status + "}");
            for (const char* account : {"rossum", "oz", "oauth"}) {
                const std::string path = std::string("/v1/accounts/") + account;
                const HttpAnswer now = world.daemon.token(account, "?wait=0s");
                if (now.status == 200) {
                    secrets.push_back(token_of(now));
                    heard +=
                        world.daemon
                            .post(path + "/token/rejected?wait=0s",
                                  "{\"generation\": " + std::to_string(generation_of(now)) + "}")
                            .head;
                }
                heard += world.daemon.post(path + "/resume?clear_throttle=1").body;
                heard += world.daemon.post(path + "/refresh?wait=300ms").body;
                heard += world.daemon.get(path).body;
            }
            world.sandbox.behave(R"({"clear_faults": true})");
        }
    }
    const std::string quoting = json_quote("you sent " + password + " and " +
                                           token_of(world.daemon.token("rossum", "?wait=20s")));
    world.sandbox.fault(
        R"({"endpoint": "rossum.login", "do": "status", "status": 401, "body": {"detail": )" +
        quoting + "}}");
    heard += world.daemon.post("/v1/accounts/rossum/refresh?wait=2s").body;
    heard += world.daemon.get("/v1/accounts/rossum").body;
    EXPECT_NE(heard.find("you sent"), std::string::npos)
        << "the upstream's words are passed on, but for the secrets";
    for (const char* target : {"/v1/accounts", "/v1/accounts/rossum", "/v1/accounts/refused",
                               "/metrics", "/readyz", "/healthz", "/version"}) {
        heard += world.daemon.get(target).body;
    }
    heard += world.daemon.token("refused", "?wait=0s").body;
    if (const HttpAnswer answer = world.daemon.token("rossum", "?wait=5s"); answer.status == 200)
        secrets.push_back(token_of(answer));

    const std::string process = "/proc/" + std::to_string(world.daemon.process().pid());
    heard += read_file(process + "/cmdline") + read_file(process + "/environ");
    world.daemon.stop();
    for (const std::string& secret : secrets) {
        expect_absent(world.daemon.log(), secret, "the log");
        expect_absent(world.daemon.notifications(), secret, "what the supervisor is told");
        expect_absent(read_tree(world.daemon.state_folder()), secret, "the state directory");
        expect_absent(read_file(world.folder / "daemon.out"), secret, "the output");
        expect_absent(heard, secret, "an answer");
    }
    EXPECT_GT(world.daemon.log().size(), 10000U)
        << "at level trace there is something to look through";
}

TEST(Secrets, the_process_can_not_be_dumped_and_state_is_its_own) {
    World world;
    world.start({Account()});
    ASSERT_EQ(world.daemon.token("rossum").status, 200);
    const std::string process = "/proc/" + std::to_string(world.daemon.process().pid());
    EXPECT_NE(
        read_file(process + "/limits").find("Max core file size        0                    0"),
        std::string::npos);
    const Ran owner = run({"/usr/bin/find", world.daemon.state_folder(), "-perm", "/077"});
    EXPECT_EQ(owner.output, "");
    // Undumpable: its /proc entries belong to root whoever runs it; as root that can't be told
    // apart, so ask as it.
    const std::string maps =
        as_user(65000, 65000, {}, [&] { return read_file(process + "/maps"); });
    EXPECT_EQ(maps, "");
}

TEST(Secrets, a_file_that_others_can_read_is_warned_about) {
    World world;
    world.configure({Account()});
    world.folder.write("rossum.password", "sandbox-password\n", 0644);
    world.daemon.start();
    ASSERT_EQ(world.daemon.token("rossum").status, 200);
    EXPECT_NE(world.daemon.log().find("rossum.password"), std::string::npos)
        << "a secret that others can read is warned about";
}

TEST(Secrets, from_the_environment_are_read_at_the_start) {
    World world;
    world.configure({Account()}, impatient);
    std::string yaml = read_file(world.daemon.config_file());
    const std::string source = "{ file: " + (world.folder / "rossum.password") + " }";
    const auto at = yaml.find(source);
    ASSERT_NE(at, std::string::npos);
    world.folder.write("tokenbroker.yaml",
                       yaml.replace(at, source.size(), "{ env: PASSWORD_OF_ROSSUM }"));

    world.daemon.start();
    EXPECT_EQ(world.daemon.token("rossum").status, 503);
    EXPECT_EQ(world.error_kind("rossum"), "misconfigured");
    EXPECT_NE(world.error_message("rossum").find("PASSWORD_OF_ROSSUM"), std::string::npos);
    world.daemon.stop();
    world.daemon.start({{"PASSWORD_OF_ROSSUM", "another"}});
    EXPECT_EQ(world.daemon.token("rossum").status, 503);
    EXPECT_EQ(world.daemon.login_state("rossum"), "suspended");
    world.daemon.stop();
    world.daemon.start({{"PASSWORD_OF_ROSSUM", "sandbox-password"}});
    const HttpAnswer answer = world.daemon.token("rossum");
    EXPECT_EQ(answer.status, 200) << answer.body << world.daemon.log();
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 2U);
}

}  // namespace
}  // namespace tokenbroker::integration
