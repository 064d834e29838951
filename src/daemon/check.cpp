#include "daemon/check.hpp"

#include "config/load.hpp"
#include "config/system_environment.hpp"
#include "host/systemd.hpp"
#include "secrets/read.hpp"
#include "state/key.hpp"

#include <algorithm>
#include <iostream>
#include <string>
#include <variant>
#include <vector>

namespace tokenbroker::daemon {
namespace {

struct Findings {
    std::vector<Mistake> mistakes;
    std::vector<Mistake> warnings;
};

// A credential is there only while the service runs: asked by hand, its absence says nothing.
bool is_credential_out_of_reach(const SecretSource& source, const host::Variables& variables) {
    return std::holds_alternative<SecretCredential>(source.from) &&
           !variables("CREDENTIALS_DIRECTORY");
}

void check_secret(const SecretSource& source, const std::string& what, const std::string& account,
                  const host::Variables& variables, Findings& findings) {
    if (is_credential_out_of_reach(source, variables)) {
        findings.warnings.push_back(
            {source.place, what + ": $CREDENTIALS_DIRECTORY is not set here, so " +
                               describe(source) + " was not read"});
        return;
    }
    const auto secret = secrets::read_secret(source, variables, account);
    if (!secret)
        findings.mistakes.push_back({source.place, what + ": " + secret.error().message()});
}

void check_key(const SecretSource& source, const std::string& what,
               const host::Variables& variables, Findings& findings) {
    if (is_credential_out_of_reach(source, variables)) {
        findings.warnings.push_back(
            {source.place, what + ": $CREDENTIALS_DIRECTORY is not set here, so " +
                               describe(source) + " was not read"});
        return;
    }
    const auto bytes = secrets::read_raw(source, variables, "");
    if (!bytes) {
        findings.mistakes.push_back({source.place, what + ": " + bytes.error().message()});
        return;
    }
    const auto key = state::parse_state_key(bytes->bytes);
    if (!key) findings.mistakes.push_back({source.place, what + ": " + key.error().message()});
}

void check_secrets(const config::Settings& settings, Findings& findings) {
    const host::Variables variables = host::process_variables();
    if (settings.state.key) check_key(*settings.state.key, "state.key", variables, findings);
    if (settings.state.previous_key) {
        check_key(*settings.state.previous_key, "state.previous_key", variables, findings);
    }
    for (const auto& [name, account] : settings.accounts) {
        for (const auto& [input, source] : account.secrets) {
            check_secret(source, "account " + name.text() + ", input " + input, name.text(),
                         variables, findings);
        }
    }
}

}  // namespace

int check_configuration(const Options& options) {
    config::SystemEnvironment environment;
    config::Loaded loaded =
        config::load(config::choose_origin(options.config, environment), environment);
    Findings findings{std::move(loaded.mistakes), std::move(loaded.warnings)};
    if (loaded.settings) check_secrets(*loaded.settings, findings);
    std::ranges::sort(findings.mistakes);
    std::ranges::sort(findings.warnings);
    for (const Mistake& warning : findings.warnings) {
        std::cerr << Mistake{warning.place, "warning: " + warning.message}.text() << '\n';
    }
    for (const Mistake& mistake : findings.mistakes)
        std::cerr << mistake.text() << '\n';
    if (!findings.mistakes.empty()) return exit_failed;
    std::cout << "the configuration is right: " << loaded.settings->accounts.size() << " account"
              << (loaded.settings->accounts.size() == 1 ? "" : "s") << '\n';
    return exit_done;
}

}  // namespace tokenbroker::daemon
