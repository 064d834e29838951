#include "unit/config/loading.hpp"

#include <gtest/gtest.h>

#include <random>

namespace tokenbroker::config {
namespace {

constexpr std::string_view sample = R"(include: [ /etc/conf.d ]
socket: { path: /run/x.sock, mode: "0660", group: tokenbroker }
admin: [ { user: root } ]
metrics: { address: 127.0.0.1, port: 9464 }
state: { directory: /s, key: { credential: k }, previous_key: { file: /k } }
log: { level: info, format: auto, audit: false }
limits: { connections: 4096, waiting: 1024, head: 8KiB, body: 16KiB, head_timeout: 10s, idle: 5m }
proxy: http://proxy.acme:3128
recipes: [ /etc/recipes ]
throttle: { logins: 5, per: 1h, backoff: { initial: 15s, factor: 4, max: 1h } }
realms: { rossum: { logins: 60, per: 1m } }
defaults: { refresh: { at: 80% }, tls: { ca_file: /ca.pem } }
accounts:
  one:
    recipe: rossum
    base_url: https://mycompany.rossum.app
    login: eager
    inputs: { username: u, password: { credential: c }, token_lifetime: 162h }
    allow: [ { user: invoices }, { group: integrations }, any ]
    refresh: { at: 80%, jitter: 5%, max_lead: 7d }
    throttle: { realm: rossum }
    probe: { every: 15m }
    sinks: [ { path: /a, format: raw, mode: "0440", group: invoices, then: [ /x ], timeout: 30s } ]
)";

FakeEnvironment machine() {
    FakeEnvironment environment;
    environment.folder("/etc/conf.d");
    environment.folder("/etc/recipes");
    environment.file("/ca.pem", "");
    return environment;
}

TEST(Load, takes_the_sample_of_these_tests) {
    auto environment = machine();
    EXPECT_TRUE(loaded(std::string(sample), environment).settings);
}

// Whatever is written, there are settings or mistakes, and places that exist.
TEST(Load, survives_random_edits) {
    auto environment = machine();
    std::mt19937 random(424242);
    constexpr std::string_view spice = "[]{}:,-?&*!|>'\"%@#~<\n\t \\a0/.\xC3\xA9\xFF";
    for (int round = 0; round < 300; ++round) {
        std::string text(sample);
        const auto edits = 1 + random() % 5;
        for (std::size_t i = 0; i < edits && !text.empty(); ++i) {
            const std::size_t at = random() % text.size();
            switch (random() % 5) {
                case 0:
                    text[at] = spice[random() % spice.size()];
                    break;
                case 1:
                    text.insert(at, 1, spice[random() % spice.size()]);
                    break;
                case 2:
                    text.erase(at, 1 + random() % 20);
                    break;
                case 3:
                    text.insert(at, text.substr(random() % text.size(), random() % 60));
                    break;
                default:
                    text.resize(at);
                    break;
            }
        }
        const auto findings = loaded(text, environment);
        EXPECT_NE(findings.settings.has_value(), !findings.mistakes.empty());
    }
}

// Each value replaced by each kind of thing that it is not.
TEST(Load, survives_every_value_in_every_place) {
    auto environment = machine();
    constexpr std::string_view values[] = {"~", "[]", "x", "99999999999999999999", "{ x: ~ }"};
    for (std::size_t colon = sample.find(": "); colon != std::string_view::npos;
         colon = sample.find(": ", colon + 1)) {
        const std::size_t begin = colon + 2;
        if (sample[begin] == '[' || sample[begin] == '{') continue;
        const std::size_t end = sample.find_first_of(",}\n", begin);
        for (const auto value : values) {
            std::string text(sample.substr(0, begin));
            text += value;
            text += sample.substr(end);
            const auto findings = loaded(text, environment);
            EXPECT_NE(findings.settings.has_value(), !findings.mistakes.empty());
        }
    }
}

}  // namespace
}  // namespace tokenbroker::config
