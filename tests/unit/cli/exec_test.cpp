#include "tokenctl.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

namespace tokenbroker::cli {
namespace {

using support::http_answer;
using support::StubDaemon;
using support::token_json;

class Exec : public ::testing::Test {
protected:
    StubDaemon daemon_{StubDaemon::answering({http_answer(200, token_json("a", "pl4nted", 7))})};
};

TEST_F(Exec, puts_the_token_into_the_environment_and_nowhere_else) {
    const auto outcome = tokenctl(daemon_, {"exec", "a", "--", "sh", "-c",
                                            "echo \"$ACCESS_TOKEN\"; tr '\\0' ' ' "
                                            "</proc/$$/cmdline; env | grep -c \"$ACCESS_TOKEN\""});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_TRUE(outcome.out.starts_with("pl4nted\n")) << outcome.out;
    EXPECT_TRUE(outcome.out.ends_with("1\n")) << outcome.out;
    EXPECT_EQ(outcome.out.find("pl4nted", 8), std::string::npos) << outcome.out;
}

TEST_F(Exec, takes_another_variable) {
    const auto outcome = tokenctl(daemon_, {"exec", "a", "--env", "MY_TOKEN", "--", "sh", "-c",
                                            "echo $MY_TOKEN-$ACCESS_TOKEN"});
    EXPECT_EQ(outcome.out, "pl4nted-\n");
}

TEST_F(Exec, passes_on_arguments_and_the_exit_code) {
    EXPECT_EQ(tokenctl(daemon_, {"exec", "a", "--", "sh", "-c", "exit 42"}).code, 42);
    EXPECT_EQ(tokenctl(daemon_, {"exec", "a", "--", "sh", "-c", "kill -TERM $$"}).code,
              128 + SIGTERM);
    EXPECT_EQ(tokenctl(daemon_, {"exec", "a", "--", "printf", "%s,", "--env", "x y", "--"}).out,
              "--env,x y,--,");
}

TEST_F(Exec, leaves_no_descriptor_to_the_command) {
    const auto outcome =
        tokenctl(daemon_, {"exec", "a", "--", "sh", "-c", "ls -l /proc/self/fd | grep -c socket"});
    EXPECT_EQ(outcome.out, "0\n");
}

TEST_F(Exec, tells_a_command_that_is_not_there_from_one_that_can_not_run) {
    const auto missing = tokenctl(daemon_, {"exec", "a", "--", "no-such-program"});
    EXPECT_EQ(missing.code, 127);
    EXPECT_EQ(missing.err, "tokenctl: can't run 'no-such-program': No such file or directory\n");
    EXPECT_EQ(tokenctl(daemon_, {"exec", "a", "--", "/etc/passwd"}).code, 126);
}

TEST(ExecWithoutToken, does_not_run_the_command) {
    const StubDaemon daemon(StubDaemon::answering({problem(503, "token-unavailable", "down")}));
    const auto outcome = tokenctl(daemon, {"exec", "a", "--", "echo", "ran"});
    EXPECT_EQ(outcome.code, 3);
    EXPECT_EQ(outcome.out, "");
}

TEST(Helper, is_told_where_it_is_missing) {
    const auto outcome =
        tokenctl_at("/nonexistent", {"recipes"}, {{"TOKENBROKER_LIBEXEC", "/nonexistent/libexec"}});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.err,
              "tokenctl: can't run the helper /nonexistent/libexec/tokenctl-recipes: install it, "
              "or name its folder in "
              "$TOKENBROKER_LIBEXEC\n");
}

TEST(Helper, gets_the_command_and_its_arguments_as_they_are) {
    char pattern[] = "/tmp/helper.XXXXXX";
    const std::string folder = mkdtemp(pattern);
    std::filesystem::create_symlink("/bin/echo", folder + "/tokenctl-recipes");
    const auto outcome = tokenctl_at("/nonexistent", {"recipes", "show", "--help", "--", "x"},
                                     {{"TOKENBROKER_LIBEXEC", folder}});
    EXPECT_EQ(outcome.out, "recipes show --help -- x\n");
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tokenbroker::cli
