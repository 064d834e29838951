#include "cli/status_table.hpp"
#include "tokenctl.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <sstream>

namespace tokenbroker::cli {
namespace {

using client::Json;
using support::http_answer;
using support::StubDaemon;

const client::TimePoint now(std::chrono::seconds(1795305600));  // 2026-11-22T00:00:00Z

Json accounts_of(const std::string& list) {
    return *Json::parse("[" + list + "]");
}

const std::string healthy =
    R"({"account":"rossum-prod","token":{"state":"valid","expires_at":"2026-11-28T18:00:00Z","refresh_at":"2026-11-27T09:36:00Z"},)"
    R"("login":{"state":"idle","waiting_for":null,"last_error":null,"retry_at":null}})";
const std::string suspended =
    R"({"account":"oz","token":{"state":"none","expires_at":null},"login":{"state":"suspended","retry_at":null,)"
    R"("last_error":{"kind":"refused","step":"login","status":401,"message":"wrong password","at":"2026-11-21T23:58:00Z"}}})";
const std::string throttled =
    R"({"account":"t","token":{"state":"expired","expires_at":"2026-11-21T23:59:30Z"},"login":{"state":"throttled",)"
    R"("waiting_for":"account_budget","retry_at":"2026-11-22T00:05:00Z","last_error":null}})";

TEST(StatusTable, shows_each_account_on_a_line) {
    const Json list = accounts_of(healthy + "," + suspended + "," + throttled);
    EXPECT_EQ(
        status_table(list.items(), now, {}),
        "ACCOUNT      TOKEN    EXPIRES IN  LOGIN      NEXT                          LAST ERROR\n"
        "rossum-prod  valid    6d 18h      idle       refresh in 5d 9h              -\n"
        "oz           none     -           suspended  none until it is mended       "
        "refused, step login, status 401: wrong password (2m ago)\n"
        "t            expired  30s ago     throttled  login in 5m (account budget)  -\n");
}

TEST(StatusTable, shows_what_goes_on) {
    const Json list = accounts_of(
        R"({"account":"a","token":{"state":"valid","expires_at":null},"login":{"state":"in_progress","retry_at":null}})");
    const std::string table = status_table(list.items(), now, {});
    EXPECT_NE(table.find("a        valid  never       in_progress  logging in  -\n"),
              std::string::npos)
        << table;
}

TEST(StatusTable, is_cut_to_the_terminal) {
    const Json list = accounts_of(healthy + "," + suspended);
    for (std::size_t width = 1; width < 120; ++width) {
        std::istringstream lines(status_table(list.items(), now, {false, width}));
        for (std::string line; std::getline(lines, line);)
            EXPECT_LE(line.size(), width) << line;
    }
}

TEST(StatusTable, is_coloured_only_when_asked_to) {
    const Json list = accounts_of(healthy + "," + suspended);
    EXPECT_EQ(status_table(list.items(), now, {}).find('\033'), std::string::npos);
    const std::string coloured_table = status_table(list.items(), now, {true, 0});
    EXPECT_NE(coloured_table.find("\033[32mvalid\033[0m"), std::string::npos);
    EXPECT_NE(coloured_table.find("\033[31msuspended\033[0m"), std::string::npos);
}

TEST(StatusTable, keeps_a_terminal_from_harm) {
    const Json list = accounts_of(
        R"({"account":"a\u001b[2J","token":{"state":"valid"},"login":{"state":"idle","last_error":{"kind":"refused","message":"x\u0007\ny"}}})");
    const std::string table = status_table(list.items(), now, {});
    EXPECT_EQ(table.find_first_of("\033\007"), std::string::npos);
    EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 2);
}

TEST(StatusTable, counts_columns_and_not_bytes) {
    const Json list = accounts_of(
        R"({"account":"é€","token":{"state":"valid"},"login":{"state":"idle"}},{"account":"abc","token":{"state":"valid"},"login":{"state":"idle"}})");
    const std::string table = status_table(list.items(), now, {});
    EXPECT_NE(table.find("é€       valid"), std::string::npos) << table;
    EXPECT_NE(table.find("abc      valid"), std::string::npos) << table;
}

TEST(StatusTable, notes_what_is_wrong_beside_the_login) {
    const Json list = accounts_of(
        R"({"account":"a","token":{"state":"valid","note":"the exchange failed for good"},"login":{"state":"idle"},"sinks":[)"
        R"({"path":"/r/a","state":"failed","last_error":"No space left","last_command":null},)"
        R"({"path":"/r/b","state":"ok","last_error":null,"last_command":"exit 3"},)"
        R"({"path":"/r/c","state":"ok","last_error":null,"last_command":"ok"}]})");
    const std::string table = status_table(list.items(), now, {});
    EXPECT_TRUE(
        table.ends_with("-\n"
                        "a: the exchange failed for good\n"
                        "a: sink /r/a failed: No space left\n"
                        "a: sink /r/b: its command: exit 3\n"))
        << table;
}

TEST(Status, asks_for_all_accounts_or_one) {
    const StubDaemon daemon(StubDaemon::answering(
        {http_answer(200, "{\"accounts\":[" + healthy + "]}"), http_answer(200, healthy)}));
    EXPECT_TRUE(tokenctl(daemon, {"status"}).out.starts_with("ACCOUNT      TOKEN"));
    const auto one = tokenctl(daemon, {"status", "rossum-prod"});
    EXPECT_NE(one.out.find("rossum-prod"), std::string::npos);
    EXPECT_EQ(one.out.find('\033'), std::string::npos) << "it is no terminal";
    EXPECT_TRUE(daemon.requests()[0].starts_with("GET /v1/accounts HTTP/1.1\r\n"));
    EXPECT_TRUE(daemon.requests()[1].starts_with("GET /v1/accounts/rossum-prod HTTP/1.1\r\n"));
}

TEST(Status, gives_programs_what_the_daemon_said) {
    const std::string body = "{\"accounts\":[" + healthy + "]}";
    const StubDaemon daemon(StubDaemon::answering({http_answer(200, body)}));
    EXPECT_EQ(tokenctl(daemon, {"status", "--json"}).out, body + "\n");
}

TEST(Status, says_so_where_there_is_nothing) {
    const StubDaemon daemon(StubDaemon::answering({http_answer(200, R"({"accounts":[]})")}));
    EXPECT_EQ(tokenctl(daemon, {"status"}).out, "There is no account that you may use.\n");
}

TEST(Status, exits_by_the_answer) {
    const auto code = [](const std::string& answer) {
        const StubDaemon daemon(StubDaemon::answering({answer}));
        return tokenctl(daemon, {"status", "a"}).code;
    };
    EXPECT_EQ(code(problem(404, "unknown-account", "none")), 5);
    EXPECT_EQ(code(problem(403, "access-denied", "no")), 4);
    EXPECT_EQ(code(http_answer(200, "<html>")), 1);
    EXPECT_EQ(tokenctl_alone({"status"}).code, 6);
}

TEST(StatusWatch, prints_each_change_and_outlasts_the_daemon) {
    const StubDaemon daemon(
        StubDaemon::answering({http_answer(200, "{\"a\":1}"), http_answer(200, "{\"a\":1}"), "",
                               http_answer(200, "{\"a\":2}")}));
    support::Process::Options options;
    options.argv = {TOKENCTL, "--socket", daemon.path(), "status", "--watch", "--json"};
    options.error_file = "/dev/null";
    support::Process process(options);
    EXPECT_EQ(process.read_line(std::chrono::seconds(20)), "{\"a\":1}");
    EXPECT_EQ(process.read_line(std::chrono::seconds(20)), "{\"a\":2}");
}

}  // namespace
}  // namespace tokenbroker::cli
