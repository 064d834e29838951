#pragma once

#include "base/account_name.hpp"
#include "base/time.hpp"
#include "metrics/histogram.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What the daemon counts. Values are plain numbers of one thread, written where they arise and
// gathered only when somebody asks: counting costs an addition and no lookup.
namespace tokenbroker::metrics {

// What became of a login attempt, or is wrong with an account; in the order of
// `login_outcome_names`.
enum class LoginOutcome : std::uint8_t {
    ok,
    refused,
    throttled,
    unavailable,
    unexpected,
    misconfigured
};
inline constexpr std::array<std::string_view, 6> login_outcome_names{
    "ok", "refused", "throttled", "unavailable", "unexpected", "misconfigured"};

// Counters by HTTP status; a handful of statuses, found by walking.
class ByStatus {
public:
    // Stays where it is for the life of this object.
    std::uint64_t& operator[](unsigned status);
    [[nodiscard]] const std::map<unsigned, std::uint64_t>& all() const noexcept { return counts_; }

private:
    std::map<unsigned, std::uint64_t> counts_;
};

// Hand-outs by the peer's uid: the first 64 uids have a counter each, the rest share `other`.
class ByUid {
public:
    static constexpr std::size_t most = 64;
    // Stays where it is for the life of this object.
    std::uint64_t& operator[](std::uint32_t uid);
    [[nodiscard]] const std::map<std::uint32_t, std::uint64_t>& all() const noexcept {
        return counts_;
    }
    [[nodiscard]] std::uint64_t other() const noexcept { return other_; }

private:
    std::map<std::uint32_t, std::uint64_t> counts_;
    std::uint64_t other_ = 0;
};

// The series of one account. They exist while somebody holds them.
struct AccountSeries {
    explicit AccountSeries(AccountName account) : name(std::move(account)) {}
    const AccountName name;

    // State, set by the broker when it changes or just before a rendering
    // (Registry::before_render).
    std::optional<WallTime> token_expiry;     // none: no token, or one that does not expire
    std::optional<WallTime> next_attempt;     // of a login or refresh; none: not planned
    std::optional<WallTime> throttled_until;  // none: not throttled
    double login_budget_remaining = 0;
    bool token_valid = false;
    bool suspended = false;
    bool on_demand = false;
    std::optional<LoginOutcome> last_error;  // none: nothing is wrong

    // Counters, by the broker.
    std::array<std::uint64_t, login_outcome_names.size()> login_attempts{};
    std::uint64_t single_flight_followers = 0;
    std::uint64_t rejections = 0;
    std::uint64_t early_deaths = 0;
    std::uint64_t seal_failures = 0;
    std::uint64_t sink_failures = 0;  // sinks that fail now

    // Counters, by the api.
    ByStatus token_requests;
    ByUid handouts;

    std::uint64_t& attempts(LoginOutcome outcome) {
        return login_attempts[static_cast<std::size_t>(outcome)];
    }
};
using AccountHandle = std::shared_ptr<AccountSeries>;

// The series of the process as a whole.
struct ProcessSeries {
    std::uint64_t connections = 0;         // open now
    std::uint64_t connections_behind = 0;  // of those, in crowds (api/poller.hpp)
    std::uint64_t connections_accepted = 0;
    std::uint64_t connections_refused = 0;  // too-many-connections
    std::uint64_t accept_failures = 0;      // out of descriptors, mostly
    std::uint64_t streams = 0;              // open now
    std::uint64_t waiting_calls = 0;        // now
    Histogram request_duration;             // of every answer but streams
    double loop_longest_turn_seconds = 0;   // since the last rendering that showed it
    std::uint64_t log_lines_lost = 0;
    std::uint64_t secret_bytes_in_arena = 0;
    std::uint64_t secret_bytes_on_heap = 0;
    std::uint64_t ledger_failures = 0;
    std::uint64_t reloads = 0;
    std::uint64_t reloads_refused = 0;
};

struct BuildInfo {
    std::string version;
    std::string commit;
    std::string build;
};

// Which series a rendering shows: those of the process, or those of the accounts too.
enum class Scope : std::uint8_t { process, everything };

class Registry {
public:
    explicit Registry(BuildInfo build);
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;
    ~Registry();

    // The one object of that name: made when first asked for, gone when the last holder lets go.
    [[nodiscard]] AccountHandle account(const AccountName& name);
    [[nodiscard]] ProcessSeries& process() noexcept { return process_; }
    [[nodiscard]] const BuildInfo& build() const noexcept { return build_; }

    // Called before each rendering: brings up to date what only a look can tell (budgets, lost log
    // lines).
    void before_render(std::function<void()> refresh) { refresh_.push_back(std::move(refresh)); }

    // Prometheus text format 0.0.4. Made anew at most once a second, however often it is asked for.
    [[nodiscard]] std::shared_ptr<const std::string> render(Scope scope, BootTime now);

private:
    struct Rendering {
        std::shared_ptr<const std::string> text;
        BootTime at;
    };
    [[nodiscard]] std::vector<AccountHandle> living();

    BuildInfo build_;
    WallTime started_;
    ProcessSeries process_;
    std::map<AccountName, std::weak_ptr<AccountSeries>> accounts_;
    std::vector<std::function<void()>> refresh_;
    std::array<Rendering, 2> renderings_;
};

}  // namespace tokenbroker::metrics
