#include "unit/config/loading.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokenbroker::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> mistakes_of(const std::string& top) {
    return loaded(with_account("", top)).mistakes;
}
std::vector<std::string> warnings_of(const std::string& top) {
    return loaded(with_account("", top)).warnings;
}
Settings settings_with(const std::string& top) {
    return settings_of(with_account("", top));
}

TEST(Defaults, are_those_of_the_documentation) {
    const Settings settings = settings_of(with_account());
    EXPECT_EQ(settings.socket.path, "/run/tokenbroker/tokenbroker.sock");
    EXPECT_EQ(settings.socket.mode, 0660U);
    EXPECT_FALSE(settings.socket.group);
    EXPECT_FALSE(settings.metrics);
    EXPECT_EQ(settings.state.directory, "/var/lib/tokenbroker");
    EXPECT_FALSE(settings.state.key);
    EXPECT_EQ(settings.log.level, LogLevel::info);
    EXPECT_EQ(settings.log.format, LogFormat::automatic);
    EXPECT_FALSE(settings.log.audit);
    EXPECT_EQ(settings.limits, LimitSettings{});
    EXPECT_EQ(settings.limits.connections, 4096U);
    EXPECT_EQ(settings.limits.head, 8192U);
    EXPECT_EQ(settings.limits.idle, 5min);
}

// ---- socket

TEST(Socket, is_read) {
    const auto socket =
        settings_with("socket: { path: /run/x.sock, mode: '0600', group: integrations }\n").socket;
    EXPECT_EQ(socket.path, "/run/x.sock");
    EXPECT_EQ(socket.mode, 0600U);
    EXPECT_EQ(socket.group->name, "integrations");
    EXPECT_EQ(socket.group->id, 2001U);
}

TEST(Socket, has_a_path_that_the_kernel_takes) {
    const std::string fits = "/" + std::string(106, 'x');
    EXPECT_EQ(settings_with("socket: { path: " + fits + " }\n").socket.path, fits);
    EXPECT_THAT(
        mistakes_of("socket: { path: " + fits + "y }\n"),
        ElementsAre("c.yaml:2:17: the path has 108 bytes; a Unix socket takes at most 107"));
    EXPECT_THAT(mistakes_of("socket: { path: run/x }\n"),
                ElementsAre("c.yaml:2:17: expected an absolute path, found \"run/x\""));
}

TEST(Socket, has_a_group_that_exists_unless_nobody_can_say) {
    EXPECT_THAT(mistakes_of("socket: { group: none }\n"),
                ElementsAre("c.yaml:2:18: unknown group \"none\""));
    FakeEnvironment environment;
    environment.unanswered.insert("ldap");
    const auto findings = loaded(with_account("", "socket: { group: ldap }\n"), environment);
    EXPECT_THAT(findings.mistakes, IsEmpty());
    EXPECT_THAT(findings.warnings, ElementsAre("c.yaml:2:18: the name service does not answer for "
                                               "the group \"ldap\"; it will be asked again"));
    EXPECT_FALSE(findings.settings->socket.group->id);
}

// ---- metrics

TEST(Metrics, need_a_port_and_warn_of_the_network) {
    EXPECT_EQ(settings_with("metrics: { port: 9464 }\n").metrics->address, "127.0.0.1");
    EXPECT_THAT(warnings_of("metrics: { address: 127.9.9.9, port: 1 }\n"), IsEmpty());
    EXPECT_THAT(warnings_of("metrics: { address: '::1', port: 1 }\n"), IsEmpty());
    EXPECT_THAT(warnings_of("metrics: { address: 0.0.0.0, port: 1 }\n"),
                ElementsAre(HasSubstr("c.yaml:2:21: metrics are open to the network here")));
    EXPECT_THAT(mistakes_of("metrics: {}\n"), ElementsAre("c.yaml:2:10: metrics has no \"port\""));
    EXPECT_THAT(mistakes_of("metrics: { address: localhost, port: 0 }\n"),
                ElementsAre("c.yaml:2:21: expected an IPv4 or IPv6 address, found \"localhost\"",
                            "c.yaml:2:38: expected a whole number from 1 to 65535, found \"0\""));
}

// ---- state

TEST(State, has_the_directory_of_the_unit_unless_told_otherwise) {
    FakeEnvironment environment;
    EXPECT_THAT(
        loaded("accounts: {}\n", environment).mistakes,
        ElementsAre(
            "c.yaml:1:1: no state directory: state.directory is required where $STATE_DIRECTORY is "
            "not set"));
    environment.set("STATE_DIRECTORY", "/var/lib/a:/var/lib/b");
    EXPECT_EQ(loaded("accounts: {}\n", environment).settings->state.directory, "/var/lib/a");
    EXPECT_EQ(loaded("state: {}\n", environment).settings->state.directory, "/var/lib/a");
    EXPECT_EQ(loaded("state: { directory: /c }\n", environment).settings->state.directory, "/c");
}

TEST(State, that_is_open_to_others_is_a_mistake) {
    FakeEnvironment environment;
    const auto mistakes = [&] { return loaded(std::string(preamble), environment).mistakes; };
    environment.folder("/var/lib/tokenbroker", 0700);
    EXPECT_THAT(mistakes(), IsEmpty());
    environment.folder("/var/lib/tokenbroker", 0755);
    EXPECT_THAT(
        mistakes(),
        ElementsAre("c.yaml:1:21: the state directory /var/lib/tokenbroker is open to others (mode "
                    "0755); allowed is that only its owner, and to read its group, may use it"));
    environment.folder("/var/lib/tokenbroker", 0770);
    EXPECT_EQ(mistakes().size(), 1U);
    environment.folder("/var/lib/tokenbroker", 0750);
    EXPECT_THAT(mistakes(), IsEmpty());
    environment.file("/var/lib/tokenbroker/state.key", "", 0604);
    EXPECT_THAT(
        mistakes(),
        ElementsAre(HasSubstr("the state key /var/lib/tokenbroker/state.key is open to others")));
}

TEST(State, directory_is_a_folder) {
    FakeEnvironment environment;
    environment.file("/var/lib/tokenbroker", "");
    EXPECT_THAT(loaded(std::string(preamble), environment).mistakes,
                ElementsAre(HasSubstr("c.yaml:1:21: /var/lib/tokenbroker is not a folder")));
}

TEST(State, key_comes_from_any_source_and_is_kept_from_others) {
    FakeEnvironment environment;
    environment.file("/etc/key", "", 0644);
    const auto findings = loaded(
        "state: { directory: /s, key: { file: /etc/key }, previous_key: { credential: old } }\n",
        environment);
    EXPECT_THAT(findings.mistakes,
                ElementsAre(HasSubstr(
                    "c.yaml:1:30: the state key /etc/key is open to others (mode 0644)")));
    environment.file("/etc/key", "", 0400);
    const auto right = loaded(
        "state: { directory: /s, key: { file: /etc/key }, previous_key: { credential: old } }\n",
        environment);
    ASSERT_TRUE(right.settings);
    EXPECT_EQ(describe(*right.settings->state.key), "file /etc/key");
    EXPECT_EQ(describe(*right.settings->state.previous_key), "credential old");
}

// ---- log, limits, proxy

TEST(Log, is_read) {
    const auto log = settings_with("log: { level: debug, format: json, audit: true }\n").log;
    EXPECT_EQ(log.level, LogLevel::debug);
    EXPECT_EQ(log.format, LogFormat::json);
    EXPECT_TRUE(log.audit);
    EXPECT_THAT(mistakes_of("log: { format: jsn }\n"),
                ElementsAre("c.yaml:2:16: \"jsn\" is not allowed here; did you mean \"json\"? "
                            "allowed are: auto, journal, terminal, json"));
}

TEST(Limits, are_read_and_bounded) {
    const auto limits = settings_with(
                            "limits: { connections: 10, waiting: 20, head: 4KiB, body: 1MiB, "
                            "head_timeout: 1s, idle: 1m }\n")
                            .limits;
    EXPECT_EQ(limits, (LimitSettings{10, 20, 4096, 1048576, 1s, 1min}));
    EXPECT_THAT(mistakes_of("limits: { connections: 0, waiting: -1, head: 8, body: 1B, "
                            "head_timeout: 0s, idle: 2d }\n")
                    .size(),
                6U);
}

TEST(Proxy, is_plain_http_or_none) {
    EXPECT_EQ(account_of(with_account("", "proxy: http://proxy.acme:3128\n")).proxy,
              (Proxy{"proxy.acme", false, 3128}));
    EXPECT_EQ(account_of(with_account("", "proxy: 'http://[::1]'\n")).proxy,
              (Proxy{"::1", true, 80}));
    EXPECT_FALSE(account_of(with_account("", "proxy: none\n")).proxy);
    EXPECT_FALSE(account_of(with_account("    proxy: none\n", "proxy: http://a\n")).proxy);
    for (const auto* text : {"https://a", "http://a/b", "http://u:p@a", "a:3128", "''", "{}"}) {
        EXPECT_EQ(mistakes_of("proxy: " + std::string(text) + "\n").size(), 1U) << text;
    }
    EXPECT_THAT(mistakes_of("proxy: http://user:hunter2@a\n"),
                ElementsAre("c.yaml:2:8: not a proxy; allowed are http://HOST[:PORT] and none"));
}

// ---- throttle and realms

TEST(Throttle, has_the_defaults_of_the_documentation) {
    const auto account = account_of(with_account());
    EXPECT_EQ(account.throttle.budget, (core::Budget{5, 1h}));
    EXPECT_EQ(account.throttle.backoff, (core::Backoff{15s, 4, 1h}));
    EXPECT_EQ(account.throttle.throttled_backoff, (core::Backoff{5min, 3, 6h}));
    EXPECT_EQ(account.realm, "https://one.rossum.app");
}

TEST(Throttle, at_the_top_holds_for_every_account_member_by_member) {
    const auto account =
        account_of(with_account("    throttle: { logins: 7, backoff: { max: 2h } }\n",
                                "throttle: { per: 2h, backoff: { initial: 30s } }\n"
                                "defaults: { throttle: { logins: 6, realm: shared } }\n"));
    EXPECT_EQ(account.throttle.budget, (core::Budget{7, 2h}));
    EXPECT_EQ(account.throttle.backoff, (core::Backoff{30s, 4, 2h}));
    EXPECT_EQ(account.realm, "shared");
}

TEST(Throttle, is_bounded) {
    EXPECT_THAT(mistakes_of("throttle: { logins: 0, per: 10ms, backoff: { initial: 0s, factor: "
                            "0.5, max: 25h }, realm: x }\n"),
                ElementsAre("c.yaml:2:21: expected a whole number from 1 to 1000000, found \"0\"",
                            HasSubstr("c.yaml:2:29: expected a duration"),
                            HasSubstr("c.yaml:2:55: expected a duration"),
                            "c.yaml:2:67: expected a number from 1 to 100, found \"0.5\"",
                            HasSubstr("c.yaml:2:77: expected a duration"),
                            HasSubstr("c.yaml:2:84: unknown key \"realm\" in a throttle")));
    EXPECT_THAT(mistakes_of("throttle: { backoff: { initial: 2h, max: 1h } }\n"),
                ElementsAre("c.yaml:2:22: max (1h) is less than initial (2h)"));
    EXPECT_EQ(account_of(with_account("    throttle: { backoff: { factor: 1.5 } }\n"))
                  .throttle.backoff.factor,
              1.5);
    for (const auto* text : {"nan", "inf", "1e1", "'2'", "0x2", "101", "-1", "1.", "x"}) {
        EXPECT_EQ(
            mistakes_of("throttle: { backoff: { factor: " + std::string(text) + " } }\n").size(),
            std::string_view(text) == "1." ? 0U : 1U)
            << text;
    }
}

TEST(Realms, hold_those_listed_and_those_that_accounts_name) {
    const auto settings = settings_of(with_account("    throttle: { realm: mine }\n",
                                                   "realms: { mine: { logins: 3 }, other: {} }\n"));
    EXPECT_EQ(settings.realms.at("mine"), (core::Budget{3, 1min}));
    EXPECT_EQ(settings.realms.at("other"), (core::Budget{60, 1min}));
    EXPECT_EQ(settings_of(with_account()).realms.at("https://one.rossum.app"),
              (core::Budget{60, 1min}));
}

TEST(Realms, may_be_named_by_an_origin) {
    const auto settings = settings_of(
        with_account("", "realms: { 'https://one.rossum.app': { logins: 3, per: 1h } }\n"));
    EXPECT_EQ(settings.realms,
              (std::map<std::string, core::Budget>{{"https://one.rossum.app", {3, 1h}}}));
}

// ---- admin

TEST(Admin, is_root_and_the_own_user_unless_told_otherwise) {
    FakeEnvironment environment;
    const auto lines = [&](const std::string& top) {
        std::vector<std::string> texts;
        const auto findings = loaded(with_account("", top), environment);
        for (const auto& line : findings.settings->admin.lines())
            texts.push_back(line.text());
        return texts;
    };
    EXPECT_THAT(lines(""), ElementsAre("{ uid: 0 }", "{ uid: 990 }"));
    environment.uid = 0;
    EXPECT_THAT(lines(""), ElementsAre("{ uid: 0 }"));
    EXPECT_THAT(lines("admin: [ { user: invoices } ]\n"), ElementsAre("{ user: invoices }"));
    EXPECT_THAT(lines("admin: []\n"), IsEmpty());
}

}  // namespace
}  // namespace tokenbroker::config
