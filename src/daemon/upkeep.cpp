#include "config/resolve_names.hpp"
#include "config/system_environment.hpp"
#include "daemon/daemon.hpp"
#include "host/names.hpp"
#include "host/orphans.hpp"
#include "host/program_pages.hpp"
#include "host/secret_memory.hpp"

#include <functional>
#include <map>
#include <utility>

// What goes on beside serving: signals, the watchdog, the line that `systemctl status` shows.
namespace tokenbroker::daemon {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds between_status_lines = std::chrono::seconds(5);
constexpr Milliseconds between_name_lookups = std::chrono::minutes(1);
constexpr Milliseconds between_memory_looks = std::chrono::seconds(10);
// Serving alone needs some 3 MB of the program and its libraries, a login 7.
constexpr std::size_t most_program_bytes = std::size_t{4} * 1024 * 1024;
constexpr Milliseconds between_looks_for_orphans = std::chrono::seconds(2);

// What is wrong with an account, in a few words where those are always the same.
std::string trouble_of(const broker::AccountStatus& status) {
    const broker::LastError& error = *status.last_error;
    const bool at_login = error.kind == "refused" && error.step != "probe";
    return " (" + status.account + ": " + (at_login ? "password refused" : error.message) + ")";
}

}  // namespace

asio::awaitable<void> Daemon::handle_signals() {
    host::Signals signals(loop_.get_executor());
    while (true) {
        const host::Signal signal = co_await signals.next();
        if (signal == host::Signal::stop) {
            // Asked twice: whatever hangs is left behind.
            if (stopping_) ::_exit(exit_code_);
            stopping_ = true;
            stop_.notify_all();
        } else if (!stopping_) {
            manager_.reloading("reading the configuration anew");
            const api::ReloadReply reply = co_await reload();
            manager_.ready(status_line());
        }
    }
}

asio::awaitable<void> Daemon::keep_watchdog() {
    const auto interval = manager_.watchdog_interval();
    if (!interval) co_return;
    while (true) {
        manager_.watchdog();
        co_await async::sleep_until(clock_, clock_.now().boot + *interval);
    }
}

asio::awaitable<void> Daemon::keep_status() {
    std::string shown;
    while (manager_.present()) {
        std::string line = status_line();
        if (line != shown) {
            manager_.status(line);
            shown = std::move(line);
        }
        co_await async::sleep_until(clock_, clock_.now().boot + between_status_lines);
    }
}

// A name service that failed while the configuration was read is asked again; the file is not read.
asio::awaitable<void> Daemon::resolve_names() {
    while (true) {
        co_await async::sleep_until(clock_, clock_.now().boot + between_name_lookups);
        while (reloading_)
            co_await reloaded_.wait();
        if (!config::has_unresolved_names(settings_)) continue;
        reloading_ = true;
        std::function<std::optional<config::Settings>()> ask = [settings = settings_]() mutable {
            config::SystemEnvironment environment;
            const bool any = config::resolve_names(settings, environment);
            return any ? std::optional<config::Settings>(std::move(settings)) : std::nullopt;
        };
        auto resolved = co_await slow_.run<std::optional<config::Settings>>(std::move(ask));
        if (resolved) {
            config::Settings settings = std::move(*resolved);
            co_await apply(std::move(settings));
            log_.info("names_resolved",
                      "the name service answers again: allow lines hold that waited for it");
        }
        reloading_ = false;
        reloaded_.notify_all();
    }
}

asio::awaitable<void> Daemon::watch_secret_memory() {
    while (!host::secret_memory_use().overflowed)
        co_await async::sleep_until(clock_, clock_.now().boot + between_memory_looks);
    const host::SecretMemoryUse use = host::secret_memory_use();
    log_.warn(
        "secret_memory_full",
        "the arena for secrets is full: what does not fit is on the ordinary heap, wiped after "
        "use too, but it may be swapped out (LimitMEMLOCK=)",
        {{"arena_bytes", use.in_arena},
         {"heap_bytes", use.on_heap},
         {"accounts", settings_.accounts.size()}});
}

// What start-up and logins read of the program and its libraries is not kept until the next login.
asio::awaitable<void> Daemon::stay_small() {
    while (true) {
        co_await async::sleep_until(clock_, clock_.now().boot + between_memory_looks);
        std::function<bool()> look = [] {
            const bool large = host::resident_program_bytes() > most_program_bytes;
            if (large) host::drop_program_pages();
            return large;
        };
        co_await slow_.run<bool>(std::move(look));
    }
}

asio::awaitable<void> Daemon::reap_orphans() {
    host::OrphanReaper reaper;
    while (true) {
        reaper.look();
        co_await async::sleep_until(clock_, clock_.now().boot + between_looks_for_orphans);
    }
}

asio::awaitable<std::optional<api::UserGroups>> Daemon::groups_of(uid_t uid) {
    std::function<std::optional<api::UserGroups>()> look_up =
        [uid]() -> std::optional<api::UserGroups> {
        const auto user = host::find_user(uid);
        if (!user) return std::nullopt;
        const auto groups = host::groups_of(*user);
        if (!groups) return std::nullopt;
        return api::UserGroups{user->gid, *groups};
    };
    auto groups = co_await slow_.run<std::optional<api::UserGroups>>(std::move(look_up));
    co_return groups;
}

// "12 accounts: 11 valid, 1 suspended (rossum-eu: password refused)".
std::string Daemon::status_line() const {
    std::map<std::string, unsigned> counts;
    std::string first_trouble;
    std::size_t accounts = 0;
    for (const auto& account : broker_.running()) {
        const broker::AccountStatus status = account->status();
        ++accounts;
        const bool suspended = status.login_state == "suspended";
        ++counts[suspended                       ? "suspended"
                 : status.token_state == "valid" ? "valid"
                                                 : "without token"];
        if (first_trouble.empty() && status.last_error &&
            (suspended || status.token_state != "valid")) {
            first_trouble = trouble_of(status);
        }
    }
    std::string line = std::to_string(accounts) + (accounts == 1 ? " account" : " accounts");
    const char* separator = ": ";
    for (const char* word : {"valid", "without token", "suspended"}) {
        if (counts[word] == 0) continue;
        line += separator + std::to_string(counts[word]) + " " + word;
        separator = ", ";
    }
    line += first_trouble;
    if (!last_reload_.empty()) line += "; last reload refused: " + last_reload_;
    return line;
}

}  // namespace tokenbroker::daemon
