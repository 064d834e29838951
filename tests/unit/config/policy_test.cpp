#include "config/policy.hpp"

#include "unit/config/loading.hpp"

#include <gtest/gtest.h>

#include <set>

namespace tokenbroker::config {
namespace {

using namespace std::chrono_literals;

std::string account(const std::string& inputs = "", const std::string& lines = "") {
    return std::string(preamble) +
           "accounts:\n  one:\n    recipe: rossum\n    base_url: https://x.rossum.app\n    "
           "inputs:\n      username: u\n" +
           (inputs.empty() ? "      password: { credential: p }\n" : inputs) + lines;
}

TEST(CoreSettings, carry_what_core_decides_by) {
    const auto settings = core_settings(
        account_of(account("      password: { env: P }\n      token_lifetime: 24h\n",
                           "    login: on_demand\n    throttle: { logins: 3, per: 2h, realm: r }\n "
                           "   probe: { every: 1h }\n    refresh: { at: 50% }\n")));
    EXPECT_EQ(settings.account, "one");
    EXPECT_EQ(settings.realm, "r");
    EXPECT_EQ(settings.budget, (core::Budget{3, 2h}));
    EXPECT_TRUE(settings.on_demand);
    EXPECT_EQ(settings.probe_every, 1h);
    EXPECT_EQ(settings.lifetime, 24h);
    EXPECT_DOUBLE_EQ(settings.refresh.at, 0.5);
    EXPECT_TRUE(settings.has_probe);
    EXPECT_TRUE(settings.has_revoke);
    EXPECT_FALSE(settings.has_refresh);
}

TEST(CoreSettings, say_whether_what_is_kept_replaces_an_input) {
    const auto of = [](const std::string& recipe, const std::string& inputs) {
        return core_settings(account_of(std::string(preamble) +
                                        "accounts: { one: { recipe: " + recipe +
                                        ", base_url: 'https://x', inputs: { client_id: "
                                        "i, client_secret: { env: S }, " +
                                        inputs + " } } }\n"))
            .kept_replaces_input;
    };
    EXPECT_TRUE(of("oauth2-refresh-token", "refresh_token: { env: R }"));
    EXPECT_FALSE(of("oauth2-password", "username: u, password: { env: P }"));
}

TEST(CoreSettings, have_no_lifetime_where_only_the_upstream_tells) {
    const auto settings = core_settings(
        account_of(std::string(preamble) +
                   "accounts: { one: { recipe: oauth2-client-credentials, base_url: 'https://x', "
                   "inputs: { client_id: i, client_secret: { env: S } } } }\n"));
    EXPECT_FALSE(settings.lifetime);
}

TEST(LoginFingerprint, changes_with_what_a_login_depends_on) {
    std::set<std::string> prints;
    const auto add = [&](const std::string& text) {
        prints.insert(login_fingerprint(account_of(text)));
    };
    add(account());
    add(account("      password: { credential: q }\n"));
    add(account("      password: { command: [ /bin/a ] }\n"));
    add(account("      password: { command: [ /bin/a, b ] }\n"));
    add(account("      password: { credential: p }\n      token_lifetime: 1h\n"));
    add(account("", "    tls: { server_name: a }\n"));
    add(account("", "    proxy: http://a\n"));
    std::string moved = account();
    moved.replace(moved.find("x.rossum.app"), 12, "y.rossum.app");
    add(moved);
    EXPECT_EQ(prints.size(), 8U);
}

TEST(LoginFingerprint, stays_where_a_login_would_be_the_same) {
    const std::string same = login_fingerprint(account_of(account()));
    EXPECT_EQ(same, login_fingerprint(account_of("# moved\n" + account())));
    EXPECT_EQ(
        same,
        login_fingerprint(account_of(account(
            "", "    allow: [ any ]\n    refresh: { at: 50% }\n    throttle: { logins: 9 }\n"))));
    EXPECT_EQ(same.size(), 16U);
}

// What a secret is, the secrets room tells by a fingerprint of its own, under a key.
TEST(LoginFingerprint, does_not_depend_on_a_plain_secret) {
    EXPECT_EQ(login_fingerprint(account_of(account("      password: a\n"))),
              login_fingerprint(account_of(account("      password: b\n"))));
}

}  // namespace
}  // namespace tokenbroker::config
