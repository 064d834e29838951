#include "config/resolve_names.hpp"
#include "unit/config/loading.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokenbroker::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> mistakes_of(const std::string& lines) {
    return loaded(with_account(lines)).mistakes;
}
std::vector<std::string> warnings_of(const std::string& lines) {
    return loaded(with_account(lines)).warnings;
}

std::string custom(const std::string& account, const std::string& top = "") {
    return std::string(preamble) + top + "accounts: { one: " + account + " }\n";
}

// ---- what every account has

TEST(Account, needs_a_recipe_and_a_url) {
    EXPECT_THAT(loaded(custom("{}")).mistakes,
                ElementsAre("c.yaml:2:13: account one has no \"base_url\"",
                            "c.yaml:2:13: account one has no \"recipe\""));
    EXPECT_THAT(loaded(custom("[]")).mistakes,
                ElementsAre("c.yaml:2:18: expected an account (a map), found a list"));
    EXPECT_THAT(loaded(std::string(preamble) + "accounts: [ one ]\n").mistakes,
                ElementsAre("c.yaml:2:11: expected accounts (a map), found a list"));
}

TEST(Account, twice_in_one_file_is_a_duplicate_key) {
    EXPECT_THAT(loaded(with_account("  one: {}\n")).mistakes,
                ElementsAre("c.yaml:7:3: duplicate key \"one\"; the first is at c.yaml:3:3"));
}

TEST(Account, url_loses_the_endings_that_its_recipe_knows) {
    for (const auto* path : {"", "/", "/api", "/api/", "/api/v1", "/api/v1/"}) {
        const auto account = account_of(
            custom("{ recipe: rossum, base_url: 'https://x.rossum.app" + std::string(path) +
                   "', inputs: { username: u, password: { env: P } } }"));
        EXPECT_EQ(account.base_url.text(), "https://x.rossum.app") << path;
    }
    const auto account =
        account_of(custom("{ recipe: rossum, base_url: 'https://x.rossum.app/eu/api/v1', inputs: { "
                          "username: u, password: { env: P } } }"));
    EXPECT_EQ(account.base_url.text(), "https://x.rossum.app/eu");
    EXPECT_EQ(account.realm, "https://x.rossum.app");
}

TEST(Account, takes_http_only_where_told_to_and_warns) {
    const auto text = [](const char* insecure) {
        return custom("{ recipe: rossum, base_url: 'http://localhost:1', insecure_http: " +
                      std::string(insecure) + ", inputs: { username: u, password: { env: P } } }");
    };
    EXPECT_THAT(loaded(text("false")).mistakes,
                ElementsAre("c.yaml:2:46: http is not encrypted; allowed is https, or http with "
                            "insecure_http: true"));
    const auto findings = loaded(text("true"));
    EXPECT_THAT(findings.mistakes, IsEmpty());
    EXPECT_THAT(findings.warnings,
                ElementsAre("c.yaml:2:46: passwords and tokens go over the network unencrypted"));
}

TEST(Account, reads_login_refresh_and_probe) {
    const auto account =
        account_of(with_account("    login: on_demand\n    refresh: { at: 75.5%, jitter: 0%, "
                                "max_lead: 1h }\n    probe: { every: 15m }\n"));
    EXPECT_EQ(account.login, LoginWhen::on_demand);
    EXPECT_DOUBLE_EQ(account.refresh.at, 0.755);
    EXPECT_DOUBLE_EQ(account.refresh.jitter, 0);
    EXPECT_EQ(account.refresh.max_lead, 1h);
    EXPECT_EQ(account.probe_every, 15min);

    const auto plain = account_of(with_account());
    EXPECT_EQ(plain.login, LoginWhen::eager);
    EXPECT_EQ(plain.refresh, core::RefreshPolicy{});
    EXPECT_FALSE(plain.probe_every);
}

TEST(Account, refuses_values_out_of_range) {
    EXPECT_THAT(
        mistakes_of(
            "    login: lazy\n    refresh: { at: 100%, jitter: 60% }\n    probe: { every: 0s }\n"),
        ElementsAre("c.yaml:7:12: \"lazy\" is not allowed here; allowed are: eager, on_demand",
                    HasSubstr("c.yaml:8:20: expected a percentage from 1% to 99%"),
                    HasSubstr("c.yaml:8:34: expected a percentage from 0% to 50%"),
                    HasSubstr("c.yaml:9:21: expected a duration")));
    EXPECT_THAT(
        mistakes_of("    refresh: { at: 2% }\n"),
        ElementsAre(
            "c.yaml:7:14: jitter is larger than at; a refresh would be due before the token"));
    EXPECT_THAT(mistakes_of("    probe: {}\n"),
                ElementsAre("c.yaml:7:12: a probe has no \"every\""));
}

TEST(Account, can_not_probe_where_its_recipe_has_no_probe) {
    const std::string account =
        "{ recipe: oauth2-client-credentials, base_url: 'https://x', inputs: { client_id: i, "
        "client_secret: { env: S } }";
    EXPECT_THAT(loaded(custom(account + ", probe: { every: 1m } }")).mistakes,
                ElementsAre(HasSubstr("recipe oauth2-client-credentials has no probe")));
    const auto findings = loaded(custom(account + " }", "defaults: { probe: { every: 1m } }\n"));
    EXPECT_THAT(findings.mistakes, IsEmpty());
    EXPECT_FALSE(findings.settings->accounts.begin()->second.probe_every);
}

// ---- defaults

TEST(Account, has_what_defaults_say_unless_it_says_otherwise) {
    const std::string defaults =
        "defaults:\n"
        "  recipe: rossum\n  base_url: https://d.rossum.app\n  login: on_demand\n"
        "  inputs: { username: d, token_lifetime: 24h, password: { credential: shared } }\n"
        "  refresh: { at: 70%, jitter: 3% }\n  allow: [ { uid: 7 } ]\n  tls: { server_name: "
        "d.example }\n";
    const auto inherits = account_of(std::string(preamble) + defaults + "accounts: { one: {} }\n");
    EXPECT_EQ(inherits.recipe->name, "rossum");
    EXPECT_EQ(inherits.base_url.host, "d.rossum.app");
    EXPECT_EQ(inherits.login, LoginWhen::on_demand);
    EXPECT_EQ(inherits.inputs.find("username")->shown(), "d");
    EXPECT_EQ(describe(inherits.secrets.at("password")), "credential shared");
    EXPECT_EQ(inherits.allow.lines().size(), 1U);
    EXPECT_EQ(inherits.tls.server_name, "d.example");

    const auto own =
        account_of(std::string(preamble) + defaults +
                   "accounts:\n  one:\n    base_url: https://o.rossum.app\n    login: eager\n"
                   "    inputs: { username: o }\n    refresh: { at: 60% }\n    allow: []\n");
    EXPECT_EQ(own.base_url.host, "o.rossum.app");
    EXPECT_EQ(own.login, LoginWhen::eager);
    EXPECT_EQ(own.inputs.find("username")->shown(), "o");
    EXPECT_EQ(std::get<Milliseconds>(own.inputs.find("token_lifetime")->scalar()), 24h);
    EXPECT_DOUBLE_EQ(own.refresh.at, 0.6);
    EXPECT_DOUBLE_EQ(own.refresh.jitter, 0.03);
    EXPECT_TRUE(own.allow.empty());
}

TEST(Account, shows_a_mistake_in_the_defaults_once) {
    EXPECT_THAT(loaded(std::string(preamble) + "defaults: { login: lazy, sinks: [] }\n" +
                       "accounts:\n  a: { recipe: rossum, base_url: 'https://a', inputs: { "
                       "username: u, password: { env: P } } }\n"
                       "  b: { recipe: rossum, base_url: 'https://b', inputs: { username: u, "
                       "password: { env: P } } }\n")
                    .mistakes,
                ElementsAre(HasSubstr("c.yaml:2:20: \"lazy\" is not allowed here"),
                            HasSubstr("c.yaml:2:26: unknown key \"sinks\" in the defaults")));
}

// ---- inputs

TEST(Inputs, have_the_defaults_of_the_recipe) {
    const auto account = account_of(with_account());
    EXPECT_EQ(std::get<Milliseconds>(account.inputs.find("token_lifetime")->scalar()), 162h);
    EXPECT_EQ(std::get<bool>(account.inputs.find("exchange")->scalar()), true);
    EXPECT_FALSE(account.inputs.has("password"));
    EXPECT_EQ(account.secrets.size(), 1U);
}

TEST(Inputs, are_checked_against_the_recipe) {
    const auto mistakes =
        loaded(
            custom("{ recipe: rossum, base_url: 'https://x', inputs: "
                   "{ usrname: u, password: { env: P }, token_lifetime: 163h, exchange: yes } }"))
            .mistakes;
    EXPECT_THAT(
        mistakes,
        ElementsAre("c.yaml:2:67: account one has no input \"username\"; recipe rossum needs it",
                    "c.yaml:2:69: unknown input \"usrname\" of recipe rossum; did you mean "
                    "\"username\"? allowed "
                    "are: username, password, token_lifetime, exchange",
                    HasSubstr("c.yaml:2:119: "), HasSubstr("c.yaml:2:135: ")));
}

TEST(Inputs, that_are_missing_altogether_are_reported_at_the_account) {
    EXPECT_THAT(
        loaded(custom("{ recipe: rossum, base_url: 'https://x' }")).mistakes,
        ElementsAre("c.yaml:2:13: account one has no input \"password\"; recipe rossum needs it",
                    "c.yaml:2:13: account one has no input \"username\"; recipe rossum needs it"));
}

TEST(Inputs, that_are_wrong_are_not_called_missing) {
    EXPECT_THAT(loaded(custom("{ recipe: rossum, base_url: 'https://x', inputs: { username: [], "
                              "password: [] } }"))
                    .mistakes.size(),
                2U);
}

TEST(Inputs, that_would_leave_their_place_in_a_request_are_found_before_a_login) {
    const auto with_user_id = [](const std::string& user_id) {
        return loaded(
                   custom("{ recipe: oz-service-token, base_url: 'https://x', inputs: { email: e, "
                          "password: { env: P }, user_id: '" +
                          user_id + "' } }"))
            .mistakes;
    };
    EXPECT_THAT(with_user_id("00000000-0000-4000-8000-000000000002"), ElementsAre());
    EXPECT_THAT(
        with_user_id("../admin"),
        ElementsAre("c.yaml:2:77: account one: the request of step \"service_token\" can't be "
                    "made: \"user_id\" stands in a path segment, and can't hold '/', '\\' or "
                    "control characters"));
    EXPECT_THAT(with_user_id(".."),
                ElementsAre(HasSubstr("the path has a \".\", \"..\" or empty segment")));
}

// ---- allow

std::vector<std::string> allow_of(const std::string& list) {
    std::vector<std::string> texts;
    const AccountSettings account = account_of(with_account("    allow: " + list + "\n"));
    for (const auto& line : account.allow.lines())
        texts.push_back(line.text());
    return texts;
}

TEST(Allow, reads_every_kind_of_line) {
    EXPECT_THAT(allow_of("[ { user: invoices }, { uid: 5 }, { group: integrations }, { gid: 6 }, { "
                         "unit: a@b.service }, any ]"),
                ElementsAre("{ user: invoices }", "{ uid: 5 }", "{ group: integrations }",
                            "{ gid: 6 }", "{ unit: a@b.service }", "any"));
    const auto account =
        account_of(with_account("    allow: [ { user: invoices, group: integrations } ]\n"));
    EXPECT_EQ(account.allow.lines()[0].user->id, 1001U);
    EXPECT_EQ(account.allow.lines()[0].group->id, 2001U);
}

TEST(Allow, refuses_lines_that_are_unclear) {
    EXPECT_THAT(
        mistakes_of("    allow:\n      - { user: nemo }\n      - {}\n      - all\n      - { uid: "
                    "-1 }\n      - { uid: '5' }\n"
                    "      - { unit: invoices }\n      - { usr: x }\n      - { gid: 4294967295 }\n "
                    "     -\n"),
        ElementsAre(
            HasSubstr("c.yaml:8:7: expected an allow line"), "c.yaml:8:17: unknown user \"nemo\"",
            "c.yaml:9:9: an allow line is empty; it would match nobody or everybody",
            "c.yaml:10:9: expected an allow line, { user: NAME } for example, or any (a map), "
            "found \"all\"",
            HasSubstr("c.yaml:11:16: expected a whole number"),
            HasSubstr("c.yaml:12:16: expected a whole number"),
            "c.yaml:13:17: expected a unit of the system manager, NAME.service, found \"invoices\"",
            HasSubstr("c.yaml:14:11: unknown key \"usr\""),
            HasSubstr("c.yaml:15:16: expected a whole number")));
    EXPECT_THAT(
        mistakes_of("    allow: any\n"),
        ElementsAre("c.yaml:7:12: expected a list of lines like { user: NAME }, found \"any\""));
}

TEST(Allow, keeps_a_line_whose_name_nobody_can_answer_for) {
    FakeEnvironment environment;
    environment.unanswered = {"ldap-user", "ldap-group"};
    const auto findings = loaded(
        with_account("    allow: [ { user: ldap-user }, { group: ldap-group } ]\n"), environment);
    EXPECT_THAT(findings.mistakes, IsEmpty());
    EXPECT_EQ(findings.warnings.size(), 2U);
    EXPECT_TRUE(findings.settings->accounts.begin()->second.allow.unresolved());
}

TEST(Allow, has_its_names_looked_up_again_once_somebody_answers) {
    FakeEnvironment environment;
    environment.unanswered = {"invoices", "ldap-group"};
    auto settings =
        *loaded(
             with_account("    allow: [ { user: invoices }, { group: ldap-group }, { uid: 7 } ]\n"),
             environment)
             .settings;
    EXPECT_TRUE(has_unresolved_names(settings));
    EXPECT_FALSE(resolve_names(settings, environment));
    environment.unanswered = {"ldap-group"};
    EXPECT_TRUE(resolve_names(settings, environment));
    const auto& lines = settings.accounts.begin()->second.allow.lines();
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[0].user->id, 1001U);
    EXPECT_FALSE(lines[1].group->id);
    EXPECT_TRUE(has_unresolved_names(settings));
    environment.unanswered = {};
    EXPECT_FALSE(resolve_names(settings, environment)) << "unknown by now: it goes on waiting";
    environment.groups["ldap-group"] = 5000;
    EXPECT_TRUE(resolve_names(settings, environment));
    EXPECT_FALSE(has_unresolved_names(settings));
}

TEST(Allow, warns_of_nobody) {
    EXPECT_THAT(warnings_of("    allow: [ { user: nobody }, { uid: 65534 }, { gid: 65534 } ]\n"),
                ElementsAre(HasSubstr("c.yaml:7:22: 65534 (nobody) is what"),
                            HasSubstr("c.yaml:7:39: 65534"), HasSubstr("c.yaml:7:55: 65534")));
}

// ---- tls

TEST(Tls, is_read_and_warns_of_files_that_are_not_there) {
    FakeEnvironment environment;
    environment.file("/ca.pem", "");
    environment.file("/key.pem", "", 0644);
    environment.folder("/folder");
    const auto findings =
        loaded(with_account("    tls: { ca_file: /ca.pem, client_certificate: /none.pem, "
                            "client_key: /key.pem, server_name: a.b }\n"),
               environment);
    EXPECT_THAT(findings.mistakes, IsEmpty());
    EXPECT_THAT(
        findings.warnings,
        ElementsAre(
            "c.yaml:7:50: /none.pem: can't be looked at: No such file or directory (ENOENT)",
            "c.yaml:7:73: the secret's file /key.pem can be read by everybody (mode 0644)"));
    const auto& tls = findings.settings->accounts.begin()->second.tls;
    EXPECT_EQ(tls.ca_file, "/ca.pem");
    EXPECT_EQ(tls.client_certificate, "/none.pem");
    EXPECT_EQ(tls.client_key, "/key.pem");
    EXPECT_EQ(tls.server_name, "a.b");
    EXPECT_THAT(loaded(with_account("    tls: { ca_file: /folder }\n"), environment).mistakes,
                ElementsAre("c.yaml:7:21: /folder is a folder; allowed is a file in PEM"));
}

TEST(Tls, needs_a_key_with_a_certificate) {
    EXPECT_THAT(mistakes_of("    tls: { client_certificate: /c.pem }\n"),
                ElementsAre("c.yaml:7:10: client_certificate and client_key need each other"));
    EXPECT_THAT(mistakes_of("    tls: { server_name: 'a b', client_key: x }\n"),
                ElementsAre("c.yaml:7:25: expected a DNS name, found \"a b\"",
                            "c.yaml:7:44: expected an absolute path, found \"x\""));
}

// ---- sinks

TEST(Sinks, are_read) {
    const auto sinks =
        account_of(
            with_account(
                "    sinks:\n      - { path: /run/a, format: env, mode: '0640', group: invoices, "
                "then: [ /bin/x, '', -y ], timeout: 1m }\n      - { path: /run/b }\n"))
            .sinks;
    ASSERT_EQ(sinks.size(), 2U);
    EXPECT_EQ(sinks[0].path, "/run/a");
    EXPECT_EQ(sinks[0].format, SinkFormat::env);
    EXPECT_EQ(sinks[0].mode, 0640U);
    EXPECT_EQ(sinks[0].group->id, 1001U);
    EXPECT_THAT(sinks[0].then, ElementsAre("/bin/x", "", "-y"));
    EXPECT_EQ(sinks[0].timeout, 1min);
    EXPECT_EQ(sinks[0].place.text(), "c.yaml:8:9");
    EXPECT_EQ(sinks[1].format, SinkFormat::raw);
    EXPECT_EQ(sinks[1].mode, 0440U);
    EXPECT_EQ(sinks[1].timeout, 30s);
    EXPECT_THAT(sinks[1].then, IsEmpty());
}

TEST(Sinks, refuse_what_is_unsafe_or_unclear) {
    EXPECT_THAT(
        mistakes_of("    sinks:\n      - {}\n      - { path: /a/../b }\n      - { path: /a/ }\n"
                    "      - { path: /b, mode: '0444', format: yaml, then: x, owner: root }\n      "
                    "- { path: /c, then: [] }\n"
                    "      - { path: /d, then: [ x ], timeout: 2h }\n"),
        ElementsAre(
            "c.yaml:8:9: a sink has no \"path\"",
            HasSubstr("c.yaml:9:17: expected the path of a file"),
            HasSubstr("c.yaml:10:17: expected the path of a file"),
            "c.yaml:11:27: everybody could use the token's file; allowed is a mode that ends in 0",
            HasSubstr("c.yaml:11:43: \"yaml\" is not allowed here"),
            HasSubstr("c.yaml:11:55: expected a command"),
            "c.yaml:11:65: the daemon may not give files to other users (it has no CAP_CHOWN); use "
            "group:",
            HasSubstr("c.yaml:12:27: expected a command"),
            HasSubstr("c.yaml:13:29: expected an absolute path"),
            HasSubstr("c.yaml:13:43: expected a duration")));
}

TEST(Sinks, may_have_an_owner_where_the_daemon_may_give_files_away) {
    FakeEnvironment environment;
    environment.chown = true;
    const auto findings =
        loaded(with_account("    sinks: [ { path: /a, owner: invoices } ]\n"), environment);
    ASSERT_TRUE(findings.settings);
    EXPECT_EQ(findings.settings->accounts.begin()->second.sinks[0].owner->id, 1001U);
}

TEST(Sinks, of_all_accounts_have_paths_of_their_own) {
    EXPECT_THAT(
        loaded(
            with_account(
                "    sinks: [ { path: /a } ]\n"
                "  two:\n    recipe: rossum\n    base_url: https://x\n"
                "    inputs: { username: u, password: { env: P } }\n    sinks: [ { path: /a } ]\n"))
            .mistakes,
        ElementsAre("c.yaml:12:22: another sink has this path, at c.yaml:7:22"));
}

}  // namespace
}  // namespace tokenbroker::config
