#include "config/difference.hpp"

#include "config/policy.hpp"
#include "unit/config/loading.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokenbroker::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Difference difference(const std::string& before, const std::string& after) {
    return compare(settings_of(before), settings_of(after));
}

std::string account(const std::string& changes = "", const std::string& inputs = "") {
    return std::string(preamble) +
           "accounts:\n  one:\n    recipe: rossum\n    base_url: https://x.rossum.app\n    "
           "inputs:\n      username: u\n" +
           (inputs.empty() ? "      password: { credential: p }\n" : inputs) + changes;
}

AccountChange change(const std::string& before, const std::string& after) {
    auto found = difference(before, after);
    EXPECT_EQ(found.changed.size(), 1U);
    return found.changed.empty() ? AccountChange(*AccountName::parse("none"), {})
                                 : found.changed.front();
}

TEST(Difference, of_equal_configurations_is_empty_wherever_the_lines_stand) {
    const auto found = difference(account(), "# moved down\n\n" + account());
    EXPECT_TRUE(found.empty());
    EXPECT_EQ(found.summary(), "nothing changed");
    EXPECT_THAT(found.lines(), IsEmpty());
}

TEST(Difference, names_accounts_that_came_and_went) {
    const std::string none = std::string(preamble) + "accounts: {}\n";
    EXPECT_THAT(difference(none, account()).lines(),
                ElementsAre("account one: added", "realms changed"));
    EXPECT_THAT(difference(account(), none).lines(),
                ElementsAre("account one: removed", "realms changed"));
    EXPECT_EQ(difference(none, account()).summary(), "1 account added, realms changed");
}

TEST(Difference, tells_what_makes_it_another_account) {
    const std::string identity = "      password: { credential: p }\n";
    const auto other_user = change(account(), account("", identity + "      token_lifetime: 1h\n"));
    EXPECT_FALSE(other_user.another);
    EXPECT_THAT(other_user.changed, ElementsAre("inputs.token_lifetime"));

    std::string renamed = account();
    renamed.replace(renamed.find("username: u"), 11, "username: v");
    EXPECT_TRUE(change(account(), renamed).another);
    EXPECT_THAT(change(account(), renamed).changed, ElementsAre("inputs.username"));

    std::string moved = account();
    moved.replace(moved.find("x.rossum.app"), 12, "y.rossum.app");
    EXPECT_TRUE(change(account(), moved).another);
    EXPECT_THAT(change(account(), moved).changed, ElementsAre("base_url", "throttle.realm"));

    std::string deeper = account();
    deeper.replace(deeper.find("x.rossum.app"), 12, "x.rossum.app/eu");
    EXPECT_FALSE(change(account(), deeper).another);
    EXPECT_TRUE(change(account(), deeper).login);
}

TEST(Difference, tells_another_recipe_from_its_new_text) {
    Settings before = settings_of(account());
    Settings after = settings_of(account());
    auto& one = after.accounts.begin()->second;
    auto recipe = std::make_shared<recipe::Recipe>(*one.recipe);
    recipe->source += "# edited\n";
    one.recipe = recipe;
    auto found = compare(before, after);
    EXPECT_THAT(found.changed.at(0).changed, ElementsAre("the recipe's text"));
    EXPECT_TRUE(found.changed[0].login);
    EXPECT_FALSE(found.changed[0].another);
    recipe->name = "other";
    EXPECT_TRUE(compare(before, after).changed.at(0).another);
}

TEST(Difference, tells_what_holds_from_the_next_login) {
    for (const auto* inputs : {"      password: { credential: q }\n",
                               "      password: { file: /p }\n", "      password: plain\n",
                               "      password: { credential: p }\n      exchange: false\n"}) {
        const auto found = change(account(), account("", inputs));
        EXPECT_TRUE(found.login) << inputs;
        EXPECT_FALSE(found.another) << inputs;
    }
    EXPECT_TRUE(change(account(), account("    tls: { server_name: a }\n")).login);
    EXPECT_TRUE(change(account(), account("    proxy: http://a\n")).login);
    const auto plain =
        change(account("", "      password: a\n"), account("", "      password: b\n"));
    EXPECT_THAT(plain.changed, ElementsAre("inputs.password"));
}

TEST(Difference, tells_access_and_sinks_apart_from_logins) {
    const auto access = change(account(), account("    allow: [ any ]\n"));
    EXPECT_TRUE(access.access);
    EXPECT_FALSE(access.login);
    const auto sinks = change(account(), account("    sinks: [ { path: /a } ]\n"));
    EXPECT_TRUE(sinks.sinks);
    EXPECT_FALSE(sinks.access);
    const auto others = change(
        account(),
        account("    login: on_demand\n    refresh: { at: 50% }\n    throttle: { logins: 1 }\n"
                "    probe: { every: 1h }\n"));
    EXPECT_THAT(others.changed, ElementsAre("login", "refresh", "throttle", "probe"));
    EXPECT_FALSE(others.login);
}

TEST(Difference, tells_what_needs_a_restart_and_what_does_not) {
    const auto found = difference(
        account(),
        "socket: { path: /x, mode: '0600', group: invoices }\nmetrics: { port: 1 }\nlog: { level: "
        "debug, format: json, audit: true }\n"
        "limits: { connections: 5, waiting: 6, head: 1KiB, body: 1KiB, head_timeout: 1s, idle: 1s "
        "}\nadmin: []\n"
        "realms: { r: { logins: 1 } }\n" +
            account().replace(
                0, preamble.size(),
                "state: { directory: /y, key: { env: K }, previous_key: { env: O } }\n"));
    EXPECT_THAT(found.restart_needed,
                ElementsAre("socket.path", "socket.mode", "socket.group", "state.directory",
                            "state.key", "state.previous_key", "metrics", "log.format"));
    EXPECT_THAT(found.process,
                ElementsAre("log.level", "log.audit", "limits.connections", "limits.waiting",
                            "limits.head", "limits.body", "limits.head_timeout", "limits.idle"));
    EXPECT_TRUE(found.admin);
    EXPECT_TRUE(found.realms);
    EXPECT_THAT(found.changed, IsEmpty());
}

TEST(Difference, sums_up_in_one_line) {
    Difference found;
    found.added = {*AccountName::parse("a"), *AccountName::parse("b")};
    found.removed = {*AccountName::parse("c")};
    found.restart_needed = {"socket.mode", "metrics"};
    EXPECT_EQ(found.summary(),
              "2 accounts added, 1 removed; restart needed for socket.mode, metrics");
    EXPECT_FALSE(found.empty());
}

TEST(Difference, shows_no_value) {
    const auto found = difference(account("", "      password: hunter2\n"),
                                  account("", "      password: hunter3\n"));
    for (const auto& line : found.lines())
        EXPECT_THAT(line, testing::Not(testing::HasSubstr("hunter")));
}

}  // namespace
}  // namespace tokenbroker::config
