#include "config/load.hpp"

#include "unit/config/loading.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace tokenbroker::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const AccountName one = *AccountName::parse("one");
const AccountName two = *AccountName::parse("two");

std::string account(const std::string& name) {
    return "  " + name +
           ":\n    recipe: rossum\n    base_url: https://x.rossum.app\n"
           "    inputs: { username: u, password: { credential: c } }\n";
}

// ---- where it comes from

std::string origin_text(const Origin& origin) {
    if (const auto* file = std::get_if<FromFile>(&origin)) return "file " + file->path;
    return "text " + std::get<FromText>(origin).text;
}

TEST(ChooseOrigin, prefers_the_option_then_the_inline_text_then_the_named_file) {
    FakeEnvironment environment;
    EXPECT_EQ(origin_text(choose_origin(std::nullopt, environment)),
              "file /etc/tokenbroker/tokenbroker.yaml");
    environment.set("TOKENBROKER_CONFIG", "/x.yaml");
    EXPECT_EQ(origin_text(choose_origin(std::nullopt, environment)), "file /x.yaml");
    environment.set("TOKENBROKER_CONFIG_INLINE", "accounts: {}");
    EXPECT_EQ(origin_text(choose_origin(std::nullopt, environment)), "text accounts: {}");
    EXPECT_EQ(origin_text(choose_origin("/y.yaml", environment)), "file /y.yaml");
}

TEST(ChooseOrigin, takes_an_empty_variable_for_none) {
    FakeEnvironment environment;
    environment.set("TOKENBROKER_CONFIG_INLINE", "");
    environment.set("TOKENBROKER_CONFIG", "");
    EXPECT_EQ(origin_text(choose_origin(std::nullopt, environment)),
              "file /etc/tokenbroker/tokenbroker.yaml");
}

TEST(Load, says_what_is_wrong_with_the_file_itself) {
    FakeEnvironment environment;
    const auto mistakes = [&](const std::string& path) {
        std::vector<std::string> texts;
        for (const auto& mistake : load(FromFile{path}, environment).mistakes)
            texts.push_back(mistake.text());
        return texts;
    };
    EXPECT_THAT(mistakes("/none.yaml"),
                ElementsAre("/none.yaml: can't be read: No such file or directory (ENOENT)"));
    environment.folder("/folder");
    EXPECT_THAT(mistakes("/folder"), ElementsAre("/folder: not a regular file"));
    environment.file("/etc/c.yaml", with_account(), 0646);
    EXPECT_THAT(
        mistakes("/etc/c.yaml"),
        ElementsAre(
            "/etc/c.yaml: /etc/c.yaml may be written by everybody (mode 0646); allowed is a file "
            "that only its owner and group may write"));
    environment.file("/etc/c.yaml", with_account(), 0644);
    EXPECT_THAT(mistakes("/etc/c.yaml"), IsEmpty());
    environment.folder("/etc", 0777);
    EXPECT_THAT(
        mistakes("/etc/c.yaml"),
        ElementsAre(
            "/etc/c.yaml: everybody may put files into /etc (mode 0777); allowed is a folder that "
            "only its owner and group may write"));
    environment.folder("/etc", 01777);
    EXPECT_THAT(mistakes("/etc/c.yaml"), IsEmpty());
}

TEST(Load, asks_for_a_map) {
    EXPECT_THAT(loaded("[]").mistakes,
                ElementsAre("c.yaml:1:1: expected the configuration (a map), found a list"));
    EXPECT_THAT(loaded("").mistakes,
                ElementsAre("c.yaml:1:1: expected the configuration (a map), found nothing"));
}

// ---- many at once

TEST(Load, reports_all_mistakes_of_a_file_by_place) {
    const auto findings = loaded(
        "sokcet: {}\n"
        "log: { level: verbose, audit: yes }\n"
        "limits:\n"
        "  connections: 010\n"
        "  idle: 5\n"
        "accounts:\n"
        "  Bad Name:\n"
        "    recipe: rosum\n"
        "    base_url: http://x.rossum.app\n"
        "  one:\n"
        "    recipe: rossum\n"
        "    base_url: https://user:pw@x\n"
        "    inputs: { user: x, token_lifetime: 200h }\n"
        "    allow: [ { user: nemo } ]\n");
    EXPECT_THAT(
        findings.mistakes,
        ElementsAre("c.yaml:1:1: no state directory: state.directory is required where "
                    "$STATE_DIRECTORY is not set",
                    HasSubstr("c.yaml:1:1: unknown key \"sokcet\" in the configuration; did you "
                              "mean \"socket\"?"),
                    "c.yaml:2:15: \"verbose\" is not allowed here; allowed are: trace, debug, "
                    "info, warn, error",
                    "c.yaml:2:31: expected true or false, found \"yes\"",
                    "c.yaml:4:16: expected a whole number from 4 to 1000000, found \"010\"",
                    "c.yaml:5:9: expected a duration (digits and ms, s, m, h or d) from 1s to 1d, "
                    "found \"5\"",
                    "c.yaml:7:3: \"Bad Name\" is not an account name; allowed are 1 to 63 of a-z, "
                    "0-9, '.', '_' and '-', the "
                    "first a letter or a digit",
                    HasSubstr("c.yaml:8:13: unknown recipe \"rosum\"; did you mean \"rossum\"?"),
                    "c.yaml:9:15: http is not encrypted; allowed is https, or http with "
                    "insecure_http: true",
                    HasSubstr("c.yaml:12:15: a user name or password does not belong into the URL"),
                    "c.yaml:13:13: account one has no input \"password\"; recipe rossum needs it",
                    "c.yaml:13:13: account one has no input \"username\"; recipe rossum needs it",
                    HasSubstr("c.yaml:13:15: unknown input \"user\" of recipe rossum"),
                    HasSubstr("c.yaml:13:40: "), "c.yaml:14:22: unknown user \"nemo\""));
}

TEST(Load, goes_on_after_what_yaml_forbids) {
    EXPECT_THAT(loaded(with_account("    tls: &t {}\n    probe: *t\n    sinks: 5\n")).mistakes,
                ElementsAre(HasSubstr("c.yaml:7:10: an anchor is not allowed"),
                            HasSubstr("c.yaml:8:12: an alias is not allowed"),
                            "c.yaml:9:12: expected a list of sinks, found \"5\""));
}

// ---- include

TEST(Include, reads_the_yaml_files_of_a_folder_in_the_order_of_their_names) {
    FakeEnvironment environment;
    environment.folder("/etc/conf.d");
    environment.file("/etc/conf.d/20.yaml", "accounts:\n" + account("two"));
    environment.file("/etc/conf.d/10.yaml", "accounts:\n" + account("three"));
    environment.file("/etc/conf.d/empty.yaml", "# nothing yet\n");
    environment.file("/etc/conf.d/none.yaml", "accounts:\n");
    environment.file("/etc/conf.d/notes.txt", "not: yaml: at all");
    environment.file("/etc/conf.d/.hidden.yaml", "nonsense: 1\n");
    const auto findings = loaded(with_account("", "include: [ /etc/conf.d ]\n"), environment);
    EXPECT_THAT(findings.mistakes, IsEmpty());
    ASSERT_TRUE(findings.settings);
    EXPECT_EQ(findings.settings->accounts.size(), 3U);
    EXPECT_EQ(findings.settings->accounts.at(two).place.text(), "/etc/conf.d/20.yaml:2:3");
}

TEST(Include, names_both_places_of_an_account_that_is_there_twice) {
    FakeEnvironment environment;
    environment.folder("/etc/conf.d");
    environment.file("/etc/conf.d/a.yaml", "accounts:\n" + account("one"));
    EXPECT_THAT(
        loaded(with_account("", "include: [ /etc/conf.d ]\n"), environment).mistakes,
        ElementsAre(
            "/etc/conf.d/a.yaml:2:3: account one is there twice; the first is at c.yaml:4:3"));
}

TEST(Include, takes_accounts_alone) {
    FakeEnvironment environment;
    environment.folder("/etc/conf.d");
    environment.file("/etc/conf.d/a.yaml", "socket: { path: /x }\n");
    EXPECT_THAT(loaded(with_account("", "include: [ /etc/conf.d ]\n"), environment).mistakes,
                ElementsAre("/etc/conf.d/a.yaml:1:1: unknown key \"socket\" in an included file; "
                            "allowed are: accounts"));
}

TEST(Include, reports_what_can_not_be_read_and_what_everybody_may_write) {
    FakeEnvironment environment;
    environment.folder("/open", 01777);
    environment.file("/open/a.yaml", "accounts:\n", 0666);
    environment.file("/plain", "");
    EXPECT_THAT(
        loaded(with_account("", "include: [ /none, /plain, /open, relative ]\n"), environment)
            .mistakes,
        ElementsAre(HasSubstr("/open/a.yaml: /open/a.yaml may be written by everybody (mode 0666)"),
                    "c.yaml:2:12: /none: can't be listed: No such file or directory (ENOENT)",
                    "c.yaml:2:19: /plain: can't be listed: Not a directory (ENOTDIR)",
                    HasSubstr("c.yaml:2:27: everybody may put files into /open (mode 1777)"),
                    "c.yaml:2:34: expected an absolute path, found \"relative\""));
}

// ---- recipes

constexpr const char* own_recipe = R"(recipe: mine
title: Mine
inputs:
  key: { required: true, secret: true }
acquire:
  - step: login
    login: true
    request: { method: POST, path: /login, json: { key: "${key}" } }
    take: { token: /token }
token:
  value: "${token}"
  header: { name: Authorization, value: "Bearer ${token}" }
  expires: { after: "1h" }
)";

TEST(Recipes, of_an_operator_are_used_like_those_built_in) {
    FakeEnvironment environment;
    environment.folder("/etc/recipes");
    environment.file("/etc/recipes/mine.yaml", own_recipe);
    const auto findings = loaded(std::string(preamble) +
                                     "recipes: [ /etc/recipes ]\n"
                                     "accounts: { one: { recipe: mine, base_url: 'https://x', "
                                     "inputs: { key: { env: K } } } }\n",
                                 environment);
    EXPECT_THAT(findings.mistakes, IsEmpty());
    ASSERT_TRUE(findings.settings);
    EXPECT_EQ(findings.settings->accounts.at(one).recipe->title, "Mine");
}

TEST(Recipes, that_everybody_may_write_are_mistakes) {
    FakeEnvironment environment;
    environment.folder("/etc/recipes", 0757);
    environment.file("/etc/recipes/mine.yaml", own_recipe, 0602);
    EXPECT_THAT(
        loaded(with_account("", "recipes: [ /etc/recipes ]\n"), environment).mistakes,
        ElementsAre(
            HasSubstr("/etc/recipes/mine.yaml: /etc/recipes/mine.yaml may be written by everybody"),
            HasSubstr("c.yaml:2:12: everybody may put files into /etc/recipes")));
}

TEST(Recipes, show_their_mistakes_beside_those_of_the_configuration) {
    FakeEnvironment environment;
    environment.folder("/etc/recipes");
    environment.file("/etc/recipes/mine.yaml", "recipe: mine\nnonsense: 1\n");
    const auto mistakes =
        loaded(with_account("    nonsense: 1\n", "recipes: [ /etc/recipes ]\n"), environment)
            .mistakes;
    EXPECT_THAT(mistakes, Contains(HasSubstr("/etc/recipes/mine.yaml:2:1: ")));
    EXPECT_THAT(mistakes,
                Contains(HasSubstr("c.yaml:8:5: unknown key \"nonsense\" in an account")));
}

// ---- warnings

TEST(Load, warns_of_an_empty_configuration_and_of_unused_realms) {
    EXPECT_THAT(loaded(std::string(preamble)).warnings,
                ElementsAre("c.yaml:1:1: no accounts are configured"));
    EXPECT_THAT(loaded(with_account("", "realms: { rosum: { logins: 5 } }\n")).warnings,
                ElementsAre("c.yaml:2:18: no account is in realm rosum"));
}

TEST(Load, warns_of_budgets_that_the_accounts_can_not_live_on) {
    std::string text = std::string(preamble) + "accounts:\n";
    for (int i = 0; i < 200; ++i)
        text += account("a" + std::to_string(i));
    const auto findings = loaded(text);
    EXPECT_THAT(findings.mistakes, IsEmpty());
    EXPECT_THAT(findings.warnings, Contains(HasSubstr("200 accounts behind 60 logins a minute")));
}

TEST(Load, finds_the_mistakes_in_defaults_without_any_account) {
    EXPECT_THAT(loaded(std::string(preamble) +
                       "defaults: { refresh: { at: 0% }, thorttle: {}, proxy: x }\n")
                    .mistakes,
                ElementsAre("c.yaml:2:28: expected a percentage from 1% to 99%, with at most two "
                            "decimals, found \"0%\"",
                            HasSubstr("c.yaml:2:34: unknown key \"thorttle\" in the defaults; did "
                                      "you mean \"throttle\"?"),
                            "c.yaml:2:55: not a proxy; allowed are http://HOST[:PORT] and none"));
}

// ---- examples

constexpr const char* documented = R"(
include: [ /etc/tokenbroker/conf.d ]
socket:
  path: /run/tokenbroker/tokenbroker.sock
  mode: "0660"
  group: tokenbroker
admin: [ { user: root } ]
metrics: { address: 127.0.0.1, port: 9464 }
state:
  directory: /var/lib/tokenbroker
  key: { credential: state-key }
  previous_key: { file: /etc/tokenbroker/old.key }
log: { level: info, format: auto, audit: false }
limits: { connections: 4096, waiting: 1024, head: 8KiB, body: 16KiB, head_timeout: 10s, idle: 5m }
proxy: http://proxy.acme:3128
recipes: [ /etc/tokenbroker/recipes ]
throttle:
  logins: 5
  per: 1h
  backoff: { initial: 15s, factor: 4, max: 1h }
  throttled_backoff: { initial: 5m, factor: 3, max: 6h }
realms:
  rossum: { logins: 60, per: 1m }
defaults: { refresh: { at: 80% }, tls: { ca_file: /etc/ssl/acme.pem } }

accounts:
  rossum-prod:
    recipe: rossum
    base_url: https://mycompany.rossum.app
    insecure_http: false
    login: eager
    inputs:
      username: api_user@mycompany
      password: { credential: rossum-prod }
      token_lifetime: 162h
    allow: [ { user: invoices }, { group: integrations } ]
    refresh: { at: 80%, jitter: 5%, max_lead: 7d }
    throttle: { logins: 5, per: 1h, realm: rossum }
    probe: { every: 15m }
    tls: { ca_file: /c.pem, client_certificate: /d.pem, client_key: /e.pem, server_name: a.example }
    sinks:
      - path: /run/tokenbroker-sinks/invoices/rossum.token
        format: raw
        mode: "0440"
        group: invoices
        then: [ /usr/local/bin/on-token ]
        timeout: 30s
)";

TEST(Load, takes_every_key_of_the_documentation) {
    FakeEnvironment environment;
    for (const auto* folder : {"/etc/tokenbroker/conf.d", "/etc/tokenbroker/recipes"})
        environment.folder(folder);
    for (const auto* file : {"/etc/ssl/acme.pem", "/c.pem", "/d.pem", "/e.pem"})
        environment.file(file, "");
    const auto findings = loaded(documented, environment);
    EXPECT_THAT(findings.mistakes, IsEmpty());
    EXPECT_THAT(findings.warnings, IsEmpty());
}

std::string sample() {
    std::ifstream file(TOKENBROKER_CONFIG_FOLDER "/tokenbroker.yaml");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

TEST(Sample, is_accepted_as_it_is) {
    const auto findings = loaded(sample());
    EXPECT_THAT(findings.mistakes, IsEmpty());
    EXPECT_THAT(findings.warnings, IsEmpty());
    ASSERT_TRUE(findings.settings);
    EXPECT_EQ(findings.settings->accounts.size(), 1U);
}

// Lines that begin with "#" and no space after it are settings that are switched off.
TEST(Sample, is_accepted_with_every_setting_switched_on) {
    FakeEnvironment environment;
    environment.folder("/etc/tokenbroker/conf.d");
    environment.folder("/etc/tokenbroker/recipes");
    environment.file("/etc/ssl/certs/ca-certificates.crt", "");
    std::istringstream lines(sample());
    std::string text;
    for (std::string line; std::getline(lines, line);) {
        const bool off =
            line.starts_with('#') && line.size() > 1 && (line[1] != ' ' || line.starts_with("#  "));
        text += (off ? line.substr(1) : line) + "\n";
    }
    const auto findings = loaded(text, environment);
    EXPECT_THAT(findings.mistakes, IsEmpty());
    EXPECT_THAT(findings.warnings, IsEmpty());
    ASSERT_TRUE(findings.settings);
    EXPECT_EQ(findings.settings->accounts.size(), 2U);
    EXPECT_EQ(findings.settings->accounts.begin()->second.name.text(), "oz-prod");
}

}  // namespace
}  // namespace tokenbroker::config
