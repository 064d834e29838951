#include "tokenctl.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <grp.h>
#include <sys/stat.h>

namespace tokenbroker::cli {
namespace {

using support::http_answer;
using support::StubDaemon;
using support::token_json;

constexpr const char* secret = "pl4nted-t0ken";

TEST(Get, prints_the_token_and_a_newline) {
    const StubDaemon daemon(
        StubDaemon::answering({http_answer(200, token_json("rossum-prod", secret, 7))}));
    const auto outcome = tokenctl(daemon, {"get", "rossum-prod"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.out, std::string(secret) + "\n");
    EXPECT_EQ(outcome.err, "");
    EXPECT_TRUE(
        daemon.requests().at(0).starts_with("GET /v1/accounts/rossum-prod/token HTTP/1.1\r\n"));
}

TEST(Get, has_four_formats) {
    const std::string json = token_json("rossum-prod", secret, 7);
    const StubDaemon daemon(StubDaemon::answering({http_answer(200, json)}));
    const auto out = [&](const char* format) {
        return tokenctl(daemon, {"get", "rossum-prod", "--format", format}).out;
    };
    EXPECT_EQ(out("raw"), std::string(secret) + "\n");
    EXPECT_EQ(out("json"), json + "\n");
    EXPECT_EQ(out("header"), "Authorization: Bearer " + std::string(secret) + "\n");
    EXPECT_EQ(out("env"), "ROSSUM_PROD_TOKEN=" + std::string(secret) + "\n");
}

TEST(Get, quotes_a_token_that_a_shell_would_read_otherwise) {
    const StubDaemon daemon(
        StubDaemon::answering({http_answer(200, token_json("a", "it's $HOME", 7))}));
    EXPECT_EQ(tokenctl(daemon, {"get", "a", "--format", "env"}).out, "A_TOKEN='it'\\''s $HOME'\n");
}

TEST(Get, passes_on_how_long_and_how_fresh) {
    const StubDaemon daemon(StubDaemon::answering({http_answer(200, token_json("a", secret, 7))}));
    tokenctl(daemon, {"get", "a", "--min-ttl", "10m", "--wait", "250ms"});
    EXPECT_TRUE(daemon.requests().at(0).starts_with(
        "GET /v1/accounts/a/token?min_ttl=600s&wait=250ms HTTP/1.1\r\n"));
}

TEST(Get, takes_the_socket_of_the_command_line_first) {
    const StubDaemon daemon(StubDaemon::answering({http_answer(200, token_json("a", secret, 7))}));
    for (const auto& words : {std::vector<std::string>{"--socket", daemon.path(), "get", "a"},
                              std::vector<std::string>{"--socket=" + daemon.path(), "get", "a"}}) {
        EXPECT_EQ(tokenctl_alone(words).code, 0);
    }
}

struct Refusal {
    std::string answer;
    int code;
    std::string err;
};

class GetExits : public ::testing::TestWithParam<Refusal> {};

TEST_P(GetExits, with_the_code_of_the_answer_and_one_line) {
    const StubDaemon daemon(StubDaemon::answering({GetParam().answer}));
    const auto outcome = tokenctl(daemon, {"get", "acct"});
    EXPECT_EQ(outcome.code, GetParam().code);
    EXPECT_EQ(outcome.err, "tokenctl: " + GetParam().err + "\n");
    EXPECT_EQ(outcome.out, "");
}

INSTANTIATE_TEST_SUITE_P(
    Answers, GetExits,
    ::testing::Values(
        Refusal{problem(400, "bad-request", "min_ttl is longer than a token lives"), 2,
                "min_ttl is longer than a token lives"},
        Refusal{problem(403, "access-denied", "no line of acct lets uid 7 in"), 4,
                "no line of acct lets uid 7 in; 'tokenctl access acct' says who may"},
        Refusal{problem(404, "unknown-account", "there is no account acct"), 5,
                "there is no account acct; 'tokenctl status' lists the accounts"},
        Refusal{problem(404, "not-found", "no such path"), 1, "no such path"},
        Refusal{problem(500, "internal", "a bug"), 1, "a bug"},
        Refusal{problem(503, "token-unavailable", "the upstream is down",
                        R"(,"login":{"state":"backing_off"})", "Retry-After: 125\r\n"),
                3, "the upstream is down; ask again in 2m 5s; see 'tokenctl status acct'"},
        Refusal{problem(503, "token-unavailable", "the password was refused",
                        R"(,"login":{"state":"suspended"})"),
                3,
                "the password was refused; mend what is wrong, then an admin may run 'tokenctl "
                "resume acct'"},
        Refusal{problem(503, "too-many-waiting", "too many wait", "", "Retry-After: 1\r\n"), 3,
                "too many wait; ask again in 1s; see 'tokenctl status acct'"},
        Refusal{problem(503, "token-unavailable", "evil\\u001b[2J\\nsecond line"), 3,
                "evil [2J second line; see 'tokenctl status acct'"},
        Refusal{http_answer(200, "<html>"), 1,
                "the daemon's answer is not a token: is this socket tokenbroker's?"},
        Refusal{"220 mail.example ESMTP\r\n", 1,
                "the daemon's answer can't be read: it is not HTTP"}));

TEST(Get, exits_6_where_nobody_is_there) {
    const auto outcome = tokenctl_alone({"get", "a"});
    EXPECT_EQ(outcome.code, 6);
    EXPECT_EQ(outcome.err,
              "tokenctl: there is no socket /nonexistent/tokenbroker.sock: is tokenbrokerd "
              "running, and is this its "
              "socket?\n");
    const StubDaemon hangs_up(StubDaemon::answering({""}));
    EXPECT_EQ(tokenctl(hangs_up, {"get", "a"}).code, 6);
}

TEST(Get, exits_2_for_what_it_does_not_understand) {
    for (const auto& words : std::vector<std::vector<std::string>>{
             {},
             {"gte", "a"},
             {"--sockt", "x"},
             {"--socket"},
             {"get"},
             {"get", ""},
             {"get", "a", "b"},
             {"get", "a", "--wait", "5"},
             {"get", "a", "--min-ttl", "soon"},
             {"get", "a", "--format", "yaml"},
             {"reject", "a", "--generation", "-1"},
             {"access", "a", "--as-uid", "root"},
             {"exec", "a", "--env", "A=B", "--", "true"},
         }) {
        const auto outcome = tokenctl_alone(words);
        EXPECT_EQ(outcome.code, 2) << ::testing::PrintToString(words);
        EXPECT_TRUE(is_one_line(outcome.err)) << outcome.err;
    }
}

TEST(Get, fails_where_its_output_goes_nowhere) {
    const StubDaemon daemon(StubDaemon::answering({http_answer(200, token_json("a", secret, 7))}));
    const auto outcome =
        outcome_of(support::run({"/bin/sh", "-c", "exec \"$0\" --socket \"$1\" get a >/dev/full",
                                 TOKENCTL, daemon.path()}));
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.err, "tokenctl: writing the output: No space left on device\n");
}

TEST(Get, shows_help_and_version) {
    EXPECT_TRUE(tokenctl_alone({"--help"}).out.starts_with("Usage: tokenctl"));
    EXPECT_TRUE(tokenctl_alone({"get", "--help"}).out.starts_with("Usage: tokenctl get ACCOUNT"));
    EXPECT_TRUE(tokenctl_alone({"--version"}).out.starts_with("tokenctl "));
}

// Runs `tokenctl get` as a user that may not do much: its exit code, and its message.
std::string as_nobody(const std::filesystem::path& folder, const std::string& socket) {
    constexpr uid_t nobody = 65534;
    const std::string copy = folder / "tokenctl";  // one that anybody may run
    std::filesystem::copy_file(TOKENCTL, copy);
    return support::as_user(nobody, nobody, {}, [&] {
        const auto ran = support::run({copy, "--socket", socket, "get", "a"});
        return std::to_string(ran.exit.status) + " " + ran.errors;
    });
}

class NoPermission : public ::testing::Test {
protected:
    void SetUp() override {
        if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
        chmod(folder_.c_str(), 0755);
    }
    StubDaemon daemon_{StubDaemon::answering({http_answer(200, token_json("a", secret, 7))})};
    std::filesystem::path folder_ = std::filesystem::path(daemon_.path()).parent_path();
};

TEST_F(NoPermission, for_the_socket_names_its_group) {
    ASSERT_EQ(chown(daemon_.path().c_str(), 0, getgrnam("daemon")->gr_gid), 0);
    chmod(daemon_.path().c_str(), 0660);
    EXPECT_EQ(as_nobody(folder_, daemon_.path()),
              "4 tokenctl: no permission for the socket " + daemon_.path() + ": " + daemon_.path() +
                  " is open to group daemon: have the user added to it ('usermod -aG daemon USER') "
                  "and log in anew\n");
}

TEST_F(NoPermission, for_a_socket_of_its_owner_says_so) {
    chmod(daemon_.path().c_str(), 0600);
    const std::string said = as_nobody(folder_, daemon_.path());
    EXPECT_TRUE(said.starts_with("4 tokenctl: ")) << said;
    EXPECT_NE(said.find(" is open to its owner root alone"), std::string::npos) << said;
}

TEST_F(NoPermission, for_its_folder_names_that_folders_group) {
    const auto inner = folder_ / "inner";
    std::filesystem::create_directory(inner);
    std::filesystem::rename(daemon_.path(), inner / "sock");
    ASSERT_EQ(chown(inner.c_str(), 0, getgrnam("daemon")->gr_gid), 0);
    chmod(inner.c_str(), 0750);
    const std::string said = as_nobody(folder_, inner / "sock");
    EXPECT_TRUE(said.starts_with("4 tokenctl: ")) << said;
    EXPECT_NE(said.find(inner.string() + " is open to group daemon: "), std::string::npos) << said;
}

}  // namespace
}  // namespace tokenbroker::cli
