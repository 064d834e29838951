#include "unit/config/loading.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokenbroker::config {

std::string with_account(std::string_view lines, std::string_view top) {
    std::string text(preamble);
    text += top;
    text +=
        "accounts:\n"
        "  one:\n"
        "    recipe: rossum\n"
        "    base_url: https://one.rossum.app\n"
        "    inputs: { username: u, password: { credential: one } }\n";
    text += lines;
    return text;
}

Findings loaded(const std::string& text, FakeEnvironment& environment) {
    Loaded result = load(FromText{text, "c.yaml"}, environment);
    EXPECT_EQ(result.settings.has_value(), result.mistakes.empty());
    Findings findings{std::move(result.settings), {}, {}};
    for (const Mistake& mistake : result.mistakes)
        findings.mistakes.push_back(mistake.text());
    for (const Mistake& warning : result.warnings)
        findings.warnings.push_back(warning.text());
    return findings;
}

Findings loaded(const std::string& text) {
    FakeEnvironment environment;
    return loaded(text, environment);
}

Settings settings_of(const std::string& text) {
    Findings findings = loaded(text);
    EXPECT_THAT(findings.mistakes, testing::IsEmpty());
    return findings.settings ? std::move(*findings.settings) : Settings{};
}

AccountSettings account_of(const std::string& text) {
    const Settings settings = settings_of(text);
    const auto name = AccountName::parse("one");
    const auto found = settings.accounts.find(*name);
    EXPECT_NE(found, settings.accounts.end());
    return found == settings.accounts.end() ? AccountSettings(*name, {}) : found->second;
}

}  // namespace tokenbroker::config
