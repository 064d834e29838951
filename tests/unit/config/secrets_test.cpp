#include "unit/config/loading.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokenbroker::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string with_password(const std::string& password) {
    return std::string(preamble) +
           "accounts:\n  one:\n    recipe: rossum\n    base_url: https://x\n    inputs:\n      "
           "username: u\n      password: " +
           password + "\n";
}

SecretSource source_of(const std::string& password) {
    return account_of(with_password(password)).secrets.at("password");
}

TEST(Secrets, come_from_every_source) {
    EXPECT_EQ(std::get<SecretFile>(source_of("{ file: /etc/p }").from).path, "/etc/p");
    EXPECT_EQ(std::get<SecretCredential>(source_of("{ credential: rossum-prod }").from).name,
              "rossum-prod");
    EXPECT_EQ(std::get<SecretVariable>(source_of("{ env: MY_PASSWORD }").from).name, "MY_PASSWORD");
    EXPECT_THAT(std::get<SecretCommand>(source_of("{ command: [ /usr/bin/pass, show, x ] }").from)
                    .arguments,
                ElementsAre("/usr/bin/pass", "show", "x"));
    EXPECT_EQ(source_of("{ env: P }").place.text(), "c.yaml:8:17");
}

TEST(Secrets, in_plain_text_are_taken_as_they_are_with_a_warning) {
    for (const auto& [written, meant] :
         std::vector<std::pair<std::string, std::string>>{{"hunter2", "hunter2"},
                                                          {"010", "010"},
                                                          {"yes", "yes"},
                                                          {"1e5", "1e5"},
                                                          {"'~'", "~"},
                                                          {"\" x \"", " x "}}) {
        const auto findings = loaded(with_password(written));
        ASSERT_TRUE(findings.settings) << written;
        EXPECT_THAT(
            findings.warnings,
            ElementsAre(HasSubstr("c.yaml:8:17: a secret stands in the configuration itself")));
        const auto& source = findings.settings->accounts.begin()->second.secrets.at("password");
        EXPECT_EQ(std::get<SecretValue>(source.from).value.reveal(), meant);
    }
}

TEST(Secrets, are_refused_where_their_source_is_unclear) {
    const auto complaint = [](const std::string& password) {
        return loaded(with_password(password)).mistakes;
    };
    EXPECT_THAT(complaint("''"), ElementsAre("c.yaml:8:17: the secret is empty"));
    EXPECT_THAT(complaint(""), ElementsAre(HasSubstr("found nothing")));
    EXPECT_THAT(
        complaint("{}"),
        ElementsAre("c.yaml:8:17: a secret has exactly one of file, credential, env and command"));
    EXPECT_THAT(
        complaint("{ env: A, file: /b }"),
        ElementsAre("c.yaml:8:17: a secret has exactly one of file, credential, env and command"));
    EXPECT_THAT(complaint("{ fiel: /b }"),
                ElementsAre("c.yaml:8:19: unknown key in a secret; did you mean \"file\"? allowed "
                            "are: file, credential, env, command"));
    EXPECT_THAT(complaint("{ file: b }"),
                ElementsAre("c.yaml:8:25: expected an absolute path, found \"b\""));
    EXPECT_THAT(complaint("{ credential: a/b }"),
                ElementsAre("c.yaml:8:31: a credential is a file name, without \"/\""));
    EXPECT_THAT(complaint("{ credential: .. }"),
                ElementsAre(HasSubstr("a credential is a file name")));
    EXPECT_THAT(complaint("{ env: 1X }"),
                ElementsAre(HasSubstr("c.yaml:8:24: not the name of an environment variable")));
    EXPECT_THAT(complaint("{ command: /bin/x }"),
                ElementsAre(HasSubstr("c.yaml:8:28: expected a command")));
    EXPECT_THAT(complaint("{ command: [] }"), ElementsAre(HasSubstr("found an empty list")));
    EXPECT_THAT(complaint("{ command: [ pass ] }"),
                ElementsAre("c.yaml:8:30: expected an absolute path, found \"pass\""));
    EXPECT_THAT(complaint("{ command: [ /bin/x, [] ] }"),
                ElementsAre("c.yaml:8:38: expected text, found a list"));
    EXPECT_THAT(complaint(std::string(65537, 'x')),
                ElementsAre("c.yaml:8:17: the secret is too long; at most 64 KiB"));
}

TEST(Secrets, in_files_that_everybody_may_read_are_warned_about) {
    FakeEnvironment environment;
    environment.file("/etc/p", "", 0644);
    EXPECT_THAT(
        loaded(with_password("{ file: /etc/p }"), environment).warnings,
        ElementsAre("c.yaml:8:25: the secret's file /etc/p can be read by everybody (mode 0644)"));
    environment.file("/etc/p", "", 0640);
    EXPECT_THAT(loaded(with_password("{ file: /etc/p }"), environment).warnings, IsEmpty());
}

// Passwords as people write them without quotes: YAML takes them for something else, and no message
// shows them.
TEST(Secrets, are_in_no_message) {
    for (const auto* password : {"hunter2",
                                 "&hunter2",
                                 "*hunter2",
                                 "!hunter2",
                                 "{hunter2}",
                                 "{ hunter2: hunter2 }",
                                 "[hunter2]",
                                 "hunter2: x",
                                 "@hunter2",
                                 "`hunter2",
                                 "%hunter2",
                                 "\"\\hunter2\"",
                                 "'hunter2",
                                 "\"hunter2",
                                 "hunter2 #x",
                                 "- hunter2",
                                 "? hunter2",
                                 "|hunter2",
                                 ">hunter2",
                                 "hunter2\n  hunter2",
                                 "{ value: hunter2 }",
                                 "{ file: { hunter2: 1 } }"}) {
        const auto findings = loaded(with_password(password));
        for (const auto& text : findings.mistakes) {
            EXPECT_THAT(text, Not(HasSubstr("unter2"))) << password;
        }
        for (const auto& text : findings.warnings)
            EXPECT_THAT(text, Not(HasSubstr("unter2"))) << password;
    }
}

TEST(Secrets, are_not_in_the_description_of_their_source) {
    EXPECT_EQ(describe(SecretSource{SecretValue{Secret("hunter2")}, {}}), "plain value");
    EXPECT_EQ(describe(SecretSource{SecretCommand{{"/bin/x", "hunter2"}}, {}}), "command /bin/x");
}

TEST(Secrets, are_equal_where_their_sources_are_wherever_they_stand) {
    EXPECT_EQ(source_of("{ env: A }"), source_of("  { env: A }"));
    EXPECT_FALSE(source_of("{ env: A }") == source_of("{ env: B }"));
    EXPECT_FALSE(source_of("{ env: A }") == source_of("{ credential: A }"));
    EXPECT_FALSE(source_of("a") == source_of("b"));
}

}  // namespace
}  // namespace tokenbroker::config
