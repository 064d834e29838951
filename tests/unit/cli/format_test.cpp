#include "cli/format.hpp"

#include "support/process.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::cli {
namespace {

using namespace std::chrono_literals;

TEST(VariableName, is_the_account_in_capitals) {
    EXPECT_EQ(variable_name("rossum-prod"), "ROSSUM_PROD_TOKEN");
    EXPECT_EQ(variable_name("a.b_c-9"), "A_B_C_9_TOKEN");
}

TEST(VariableName, is_one_that_a_shell_assigns_whatever_the_account_begins_with) {
    for (const std::string account : {"5g", "0", "9-a", "rossum"}) {
        EXPECT_TRUE(is_variable_name(variable_name(account))) << account;
        const std::string script =
            variable_name(account) + "=x; printf %s \"$" + variable_name(account) + "\"";
        EXPECT_EQ(support::run({"/bin/sh", "-c", script}).output, "x") << account;
    }
    EXPECT_EQ(variable_name("5g"), "_5G_TOKEN");
}

TEST(ShellQuoted, leaves_what_needs_no_quotes) {
    for (const auto* plain : {"abc", "A-Z_0.9/+=:,@%", "eyJ0eXAi.eyJzdWIi.c2ln"})
        EXPECT_EQ(shell_quoted(plain), plain);
}

TEST(ShellQuoted, is_read_back_by_a_shell_whatever_it_holds) {
    for (const std::string value : {"", "a b", "it's", "''", "$HOME", "`id`", "a;b", "a\\b", "!x",
                                    "~", "*", "#x", "a\"b", "\t", "caf\xc3\xa9", "a&b|c<d>e(f)"}) {
        const std::string script = "V=" + shell_quoted(value) + "; printf %s \"$V\"";
        EXPECT_EQ(support::run({"/bin/sh", "-c", script}).output, value);
    }
}

TEST(VariableNames, are_those_of_a_shell) {
    EXPECT_TRUE(is_variable_name("_A9z"));
    for (const auto* bad : {"", "9A", "A-B", "A=B", "A B", "\xc3\x89"})
        EXPECT_FALSE(is_variable_name(bad)) << bad;
}

TEST(Human, shows_the_two_largest_units) {
    EXPECT_EQ(human(0s), "0s");
    EXPECT_EQ(human(-5s), "0s");
    EXPECT_EQ(human(59s), "59s");
    EXPECT_EQ(human(60s), "1m");
    EXPECT_EQ(human(125s), "2m 5s");
    EXPECT_EQ(human(3600s), "1h");
    EXPECT_EQ(human(3605s), "1h");
    EXPECT_EQ(human(7500s), "2h 5m");
    EXPECT_EQ(human(86'400s * 3 + 3600s * 4 + 59s), "3d 4h");
}

TEST(InTime, says_which_way) {
    const client::TimePoint now(1'000'000s);
    EXPECT_EQ(in_time(now + 42s, now), "in 42s");
    EXPECT_EQ(in_time(now + 1ms, now), "in 1s");
    EXPECT_EQ(in_time(now, now), "now");
    EXPECT_EQ(in_time(now - 90s, now), "1m 30s ago");
}

}  // namespace
}  // namespace tokenbroker::cli
