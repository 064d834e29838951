#include "daemon/start.hpp"

#include "config/load.hpp"
#include "config/system_environment.hpp"
#include "daemon/convert.hpp"
#include "daemon/daemon.hpp"
#include "host/log.hpp"
#include "host/secret_memory.hpp"
#include "host/system_clock.hpp"
#include "host/systemd.hpp"
#include "secrets/read.hpp"
#include "state/directory.hpp"
#include "state/key.hpp"

#include <iostream>
#include <optional>
#include <utility>

namespace tokenbroker::daemon {
namespace {

// Enough for some thousand accounts; less where the limit of locked memory is less.
constexpr std::size_t secret_arena = std::size_t{16} << 20U;
constexpr Milliseconds last_words = std::chrono::milliseconds(500);

host::LogOptions log_options(const config::LogSettings& settings) {
    host::LogOptions options;
    options.level = settings.level;
    options.format = log_format(settings.format);
    options.program = "tokenbrokerd";
    return options;
}

Result<state::StateKey> read_key(const SecretSource& source) {
    const auto bytes = secrets::read_raw(source, host::process_variables(), "");
    if (!bytes) return bytes.error();
    if (bytes->too_open_for_key()) {
        return Error(Errc::misconfigured,
                     describe(source) + ": others may read or write the state key: chmod 600");
    }
    return state::parse_state_key(bytes->bytes);
}

Result<state::StateKeys> read_keys(const config::StateSettings& settings, Logger& log) {
    std::optional<state::StateKey> current;
    if (settings.key) {
        auto key = read_key(*settings.key);
        if (!key) return key.error().during("reading state.key");
        current = std::move(*key);
    } else {
        auto own = state::own_state_key(host::FileSystem::kernel(), settings.directory);
        if (!own) return own.error();
        if (own->made) {
            log.warn("state_key_made",
                     "made a state key beside the tokens that it seals: that protects a copy of "
                     "single files, not of the "
                     "whole directory; give state.key a credential for more",
                     {{"directory", settings.directory}});
        }
        current = std::move(own->key);
    }
    state::StateKeys keys{std::move(*current), std::nullopt};
    if (settings.previous_key) {
        auto previous = read_key(*settings.previous_key);
        if (!previous) return previous.error().during("reading state.previous_key");
        keys.previous = std::move(*previous);
    }
    return keys;
}

// Before there is a daemon: what the service manager shows where the start failed.
void tell_manager(int error_number, const std::string& status) {
    static_cast<void>(host::ServiceManager(host::process_variables()).failed(error_number, status));
}

void report(const config::Loaded& loaded) {
    for (const Mistake& mistake : loaded.mistakes)
        std::cerr << "tokenbrokerd: " << mistake.text() << '\n';
    const std::string count = std::to_string(loaded.mistakes.size()) +
                              (loaded.mistakes.size() == 1 ? " mistake" : " mistakes");
    std::cerr << "tokenbrokerd: the configuration has " << count << "; not started\n";
    if (!loaded.mistakes.empty())
        tell_manager(0, "not started: " + count + ", first " + loaded.mistakes.front().text());
}

int failed(host::ProcessLogger& log, const Error& error) {
    log.error("start_failed", error.message());
    log.flush(last_words);
    tell_manager(error.error_number(), error.message());
    return error.code() == Errc::misconfigured ? exit_configuration : exit_failed;
}

}  // namespace

int start(const Options& options) {
    const auto hardened = host::harden_process();
    const host::SecretMemoryReport memory = host::install_secret_memory(secret_arena);

    config::SystemEnvironment environment;
    const config::Origin origin = config::choose_origin(options.config, environment);
    config::Loaded loaded = config::load(origin, environment);
    if (!loaded.settings) {
        report(loaded);
        return exit_configuration;
    }

    host::ProcessLogger log(log_options(loaded.settings->log));
    if (!hardened) return failed(log, hardened.error());
    for (const Mistake& warning : loaded.warnings)
        log.warn("configuration_warning", warning.text());
    if (memory.kind != host::SecretMemoryKind::locked)
        log.warn("secret_memory_not_locked", memory.detail);
    const auto descriptors = host::raise_descriptor_limit();
    if (!descriptors) return failed(log, descriptors.error());
    auto directory = state::StateDirectory::take(loaded.settings->state.directory);
    if (!directory) return failed(log, directory.error());
    auto keys = read_keys(loaded.settings->state, log);
    if (!keys) return failed(log, keys.error());
    auto boot_id = host::read_boot_id();
    if (!boot_id) return failed(log, boot_id.error());

    int code = exit_done;
    {
        Daemon daemon({origin, std::move(*loaded.settings), std::move(*directory), std::move(*keys),
                       std::move(*boot_id)},
                      log);
        code = daemon.run();
        log.flush(last_words);
    }
    return code;
}

}  // namespace tokenbroker::daemon
