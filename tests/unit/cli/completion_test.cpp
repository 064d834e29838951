#include "cli/command.hpp"
#include "tokenctl.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace tokenbroker::cli {
namespace {

using support::http_answer;
using support::StubDaemon;

// What bash offers for the last of these words.
std::string offered(const std::string& socket, const std::string& words) {
    const std::string folder = std::filesystem::path(TOKENCTL).parent_path();
    const std::string script =
        "eval \"$(tokenctl completion bash)\"; COMP_WORDS=(" + words +
        "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _tokenctl; echo \"${COMPREPLY[*]}\"";
    const auto ran = support::run({"/bin/bash", "-c", script}, {{"PATH", folder + ":/usr/bin:/bin"},
                                                                {"TOKENBROKER_SOCKET", socket}});
    EXPECT_EQ(ran.errors, "");
    return ran.output.substr(0, ran.output.find('\n'));
}

TEST(BashCompletion, offers_commands_options_values_and_accounts) {
    const StubDaemon daemon(StubDaemon::answering(
        {http_answer(200, R"({"accounts":[{"account":"rossum-prod"},{"account":"oz"}]})")}));
    const auto& socket = daemon.path();
    EXPECT_EQ(offered(socket, "tokenctl re"), "reject refresh resume revoke reload recipes");
    EXPECT_EQ(offered(socket, "tokenctl --so"), "--socket");
    EXPECT_EQ(offered(socket, "tokenctl --socket /x stat"), "status");
    EXPECT_EQ(offered(socket, "tokenctl get ''"), "rossum-prod oz");
    EXPECT_EQ(offered(socket, "tokenctl get ro"), "rossum-prod");
    EXPECT_EQ(offered(socket, "tokenctl get --m"), "--min-ttl");
    EXPECT_EQ(offered(socket, "tokenctl get oz --format h"), "header");
    EXPECT_EQ(offered(socket, "tokenctl get oz --wait ''"), "");
    EXPECT_EQ(offered(socket, "tokenctl completion ''"), "bash zsh fish");
    EXPECT_EQ(offered(socket, "tokenctl recipes ''"), "list show check try");
    EXPECT_NE(offered(socket, "tokenctl exec oz -- bas").find("bash"), std::string::npos);
}

TEST(BashCompletion, is_silent_without_a_daemon) {
    EXPECT_EQ(offered("/nonexistent", "tokenctl get ''"), "");
}

TEST(Completion, knows_every_command_and_option_in_each_shell) {
    for (const auto* shell : {"bash", "zsh", "fish"}) {
        const std::string script = completion_for(shell);
        for (const auto& command : commands()) {
            EXPECT_NE(script.find(command.name), std::string::npos) << shell << " " << command.name;
            for (const auto& option : command.options) {
                EXPECT_NE(script.find(option.name.substr(2)), std::string::npos)
                    << shell << " " << option.name;
            }
        }
        EXPECT_EQ(script.find("S@"), std::string::npos) << shell << ": a place that was not filled";
    }
}

TEST(Completion, can_be_read_by_the_shell_it_is_for) {
    for (const std::string shell : {"bash", "zsh", "fish"}) {
        const std::string program = "/usr/bin/" + shell;
        if (!std::filesystem::exists(program)) continue;
        char pattern[] = "/tmp/completion.XXXXXX";
        const std::string folder = mkdtemp(pattern);
        std::ofstream(folder + "/script") << completion_for(shell);
        const auto ran = support::run({program, "-n", folder + "/script"});
        EXPECT_EQ(ran.exit.status, 0) << shell;
        EXPECT_EQ(ran.errors, "") << shell;
        std::filesystem::remove_all(folder);
    }
}

TEST(Completion, is_there_for_three_shells) {
    for (const std::string shell : {"bash", "zsh", "fish"}) {
        EXPECT_EQ(tokenctl_alone({"completion", shell}).out, completion_for(shell));
    }
    EXPECT_EQ(tokenctl_alone({"completion", "csh"}).code, 2);
}

}  // namespace
}  // namespace tokenbroker::cli
