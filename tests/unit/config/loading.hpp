#pragma once

#include "config/load.hpp"
#include "support/fake_environment.hpp"

#include <string>
#include <string_view>
#include <vector>

// Loading texts in tests of the configuration.
namespace tokenbroker::config {

using testing_support::FakeEnvironment;

// A right configuration up to `accounts:`, and one with one account, whose lines are indented by
// four.
inline constexpr std::string_view preamble = "state: { directory: /var/lib/tokenbroker }\n";
std::string with_account(std::string_view lines = "", std::string_view top = "");

struct Findings {
    std::optional<Settings> settings;
    std::vector<std::string> mistakes;  // "c.yaml:1:2: text"
    std::vector<std::string> warnings;
};
Findings loaded(const std::string& text, FakeEnvironment& environment);
Findings loaded(const std::string& text);
// The settings of what has to be right.
Settings settings_of(const std::string& text);
// The account of with_account().
AccountSettings account_of(const std::string& text);

}  // namespace tokenbroker::config
