#pragma once

#include "base/time.hpp"
#include "core/budget.hpp"
#include "core/verdict.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

// The upstream of the simulation: it knows the true time, issues tokens, throttles, fails, and
// counts what it is asked by itself, without a line of the core.
namespace tokenbroker::core::simulation {

using Time = Milliseconds;  // true time since the start of the simulation

// Uniform and the same with every standard library.
class Random {
public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}
    double unit() { return static_cast<double>(engine_() >> 11) * 0x1.0p-53; }
    bool chance(double odds) { return unit() < odds; }
    Milliseconds between(Milliseconds low, Milliseconds high) {
        return low + Milliseconds(static_cast<Milliseconds::rep>(
                         unit() * static_cast<double>((high - low).count())));
    }

private:
    std::mt19937_64 engine_;
};

// What is wrong with the upstream for a while.
struct Trouble {
    enum class Kind {
        refuses_connections,
        answers_503,
        hangs,
        throttles,
        throttles_with_retry_after
    };
    Kind kind;
    Time from;
    Time to;
    std::size_t first_realm = 0;
    std::size_t last_realm = 0;
};

struct Token {
    std::uint64_t id = 0;
    std::size_t account = 0;
    Time issued{};
    Time expires{};
    Time dies{};  // as expires, but where somebody else ended it
    bool counted_dead = false;
};

struct Answer {
    Verdict verdict = Verdict::ok;
    bool sent = true;
    std::optional<Milliseconds> retry_after;
    std::optional<Token> token;
};

struct Counts {
    std::uint64_t logins = 0;  // requests that came in
    std::uint64_t ok = 0;
    std::uint64_t refused = 0;
    std::uint64_t throttled = 0;
    std::uint64_t faults = 0;
    std::uint64_t unsent = 0;
    std::uint64_t over_account_budget = 0;
    std::uint64_t over_realm_budget = 0;
    std::uint64_t before_not_before = 0;
    std::uint64_t early_deaths = 0;
};

class Upstream {
public:
    Upstream(Random& random, std::vector<Budget> account_budgets, std::vector<Budget> realm_budgets,
             std::vector<std::size_t> realm_of, std::vector<Milliseconds> lifetimes,
             std::vector<Trouble> troubles);

    // Whether a connection made at `now` fails before anything is sent.
    [[nodiscard]] bool refuses_connection(std::size_t account, Time now) const;
    [[nodiscard]] Milliseconds latency(std::size_t account, Time now);
    // A login that was sent at `sent` comes in now, made with this password.
    Answer login(std::size_t account, unsigned password, Time sent, Time now);
    [[nodiscard]] bool works(std::uint64_t token, Time now) const;
    [[nodiscard]] std::optional<Trouble::Kind> trouble(std::size_t realm, Time now) const;
    // The client heard that nobody may log in to the realm before `until`.
    void heard(std::size_t realm, Time now, Time until);
    void change_password(std::size_t account) { ++passwords_[account]; }

    [[nodiscard]] const Token& token(std::uint64_t id) const { return tokens_[id - 1]; }
    [[nodiscard]] const Counts& counts() const noexcept { return counts_; }
    // A hash over every login and its answer, in order.
    [[nodiscard]] std::uint64_t digest() const noexcept { return digest_; }
    [[nodiscard]] unsigned fullest_account() const noexcept { return fullest_account_; }

private:
    struct NotBefore {
        Time heard;
        Time until;
    };
    void count(std::size_t account, Time sent, Time now);
    Answer issue(std::size_t account, Time now);
    void mix(std::uint64_t value);

    Random& random_;
    std::vector<Budget> account_budgets_;
    std::vector<Budget> realm_budgets_;
    std::vector<std::size_t> realm_of_;
    std::vector<Milliseconds> lifetimes_;
    std::vector<Trouble> troubles_;
    std::vector<unsigned> passwords_;
    std::vector<std::deque<Time>> of_account_;
    std::vector<std::deque<Time>> of_realm_;
    std::vector<std::vector<NotBefore>> not_before_;
    std::vector<Token> tokens_;
    Counts counts_;
    std::uint64_t digest_ = 1469598103934665603ULL;
    unsigned fullest_account_ = 0;
};

}  // namespace tokenbroker::core::simulation
