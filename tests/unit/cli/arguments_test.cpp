#include "cli/command.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace tokenbroker::cli {
namespace {

const CommandSpec& spec_of(std::string_view name) {
    const auto all = commands();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [name](const auto& spec) { return spec.name == name; });
    EXPECT_NE(found, all.end());
    return *found;
}

class Words {
public:
    explicit Words(std::vector<std::string> words) : words_(std::move(words)) {
        for (auto& word : words_)
            pointers_.push_back(word.data());
        pointers_.push_back(nullptr);
    }
    char** get() { return pointers_.data(); }

private:
    std::vector<std::string> words_;
    std::vector<char*> pointers_;
};

TEST(Arguments, take_options_anywhere_and_in_both_forms) {
    for (auto words : {std::vector<std::string>{"--min-ttl", "5m", "acct", "--format=json"},
                       std::vector<std::string>{"acct", "--min-ttl=5m", "--format", "json"}}) {
        Words given(words);
        const auto arguments = parse_arguments(spec_of("get"), given.get());
        ASSERT_TRUE(arguments) << arguments.error().message;
        EXPECT_EQ(arguments->positional, std::vector<std::string_view>{"acct"});
        EXPECT_EQ(arguments->value("--min-ttl"), "5m");
        EXPECT_EQ(arguments->value("--format"), "json");
        EXPECT_FALSE(arguments->has("--wait"));
    }
}

TEST(Arguments, leave_alone_what_stands_behind_the_dashes) {
    Words given({"acct", "--", "run", "--env", "x"});
    const auto arguments = parse_arguments(spec_of("exec"), given.get());
    ASSERT_TRUE(arguments);
    EXPECT_STREQ(arguments->rest[0], "run");
    EXPECT_STREQ(arguments->rest[1], "--env");
    EXPECT_FALSE(arguments->has("--env"));
}

std::string mistake(std::string_view command, std::vector<std::string> words) {
    Words given(std::move(words));
    const auto arguments = parse_arguments(spec_of(command), given.get());
    EXPECT_FALSE(arguments);
    return arguments ? "" : arguments.error().message;
}

TEST(Arguments, say_what_is_wrong_and_what_is_meant) {
    EXPECT_EQ(mistake("get", {}), "'get' needs ACCOUNT (see 'tokenctl get --help')");
    EXPECT_EQ(mistake("get", {"a", "b"}),
              "too many arguments for 'get', from 'b' on (see 'tokenctl get --help')");
    EXPECT_EQ(
        mistake("get", {"a", "--formt", "raw"}),
        "'get' has no option '--formt'; did you mean '--format'? (see 'tokenctl get --help')");
    EXPECT_EQ(mistake("get", {"a", "--xyz"}),
              "'get' has no option '--xyz' (see 'tokenctl get --help')");
    EXPECT_EQ(mistake("get", {"a", "--wait"}), "--wait needs a value: --wait D");
    EXPECT_EQ(mistake("get", {"a", "--wait=1s", "--wait=2s"}), "--wait is given twice");
    EXPECT_EQ(mistake("get", {"a", "--format", "xml"}),
              "--format takes one of: raw json header env; not 'xml'");
    EXPECT_EQ(mistake("get", {"a", "--format", "raw json"}),
              "--format takes one of: raw json header env; not 'raw json'");
    EXPECT_EQ(mistake("status", {"--json=yes"}), "--json takes no value");
    EXPECT_EQ(mistake("get", {"a", "--", "b"}),
              "'get' takes nothing behind '--' (see 'tokenctl get --help')");
    EXPECT_EQ(mistake("exec", {"a"}),
              "'exec' needs a command behind '--' (see 'tokenctl exec --help')");
    EXPECT_EQ(mistake("exec", {"a", "--"}),
              "'exec' needs a command behind '--' (see 'tokenctl exec --help')");
    EXPECT_EQ(mistake("exec", {"a", "ls"}),
              "'exec' needs a command behind '--' (see 'tokenctl exec --help')");
    EXPECT_EQ(mistake("get", {"a", "--socket", "/s"}),
              "--socket stands before the command: 'tokenctl --socket PATH get ...'");
}

TEST(Nearest, is_a_word_that_is_near_enough_or_none) {
    const std::vector<std::string_view> known = {"status", "reload", "revoke"};
    EXPECT_EQ(nearest("stauts", known), "status");
    EXPECT_EQ(nearest("reloads", known), "reload");
    EXPECT_EQ(nearest("rvoke", known), "revoke");
    EXPECT_EQ(nearest("completely-else", known), "");
    EXPECT_EQ(nearest("x", known), "");
}

TEST(Help, shows_every_option_of_every_command) {
    for (const auto& command : commands()) {
        const std::string help = help_of(command);
        EXPECT_TRUE(help.starts_with("Usage: tokenctl " + std::string(command.name)));
        for (const auto& option : command.options)
            EXPECT_NE(help.find(option.name), std::string::npos) << option.name;
        EXPECT_NE(help_of_program().find("  " + std::string(command.name)), std::string::npos);
    }
    for (const auto& [name, summary] : helper_commands()) {
        EXPECT_NE(help_of_program().find("  " + std::string(name)), std::string::npos);
    }
}

}  // namespace
}  // namespace tokenbroker::cli
