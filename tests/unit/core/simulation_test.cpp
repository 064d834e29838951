// Sixty days of a thousand accounts, on the real core: what it promises is checked by the
// upstream's own count.
#include "simulation_host.hpp"
#include "simulation_upstream.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace tokenbroker::core::simulation {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t realms = 20;
constexpr std::size_t accounts_of_realm = 50;
constexpr std::size_t accounts = realms * accounts_of_realm;
constexpr Time whole = hours(24 * 60);

Time day(double number) {
    return Time(static_cast<Time::rep>(number * 24 * 3600 * 1000));
}

struct Result {
    Counts upstream;
    HostCounts host;
    std::uint64_t digest = 0;
    std::size_t valid_at_the_end = 0;
    std::size_t crashes = 0;
    std::size_t reboots = 0;
    unsigned fullest_account = 0;
};

Milliseconds lifetime_of(std::size_t realm) {
    if (realm == 19) return hours(12);
    if (realm == 18) return hours(24);
    return realm >= 14 ? hours(72) : hours(162);
}

Budget budget_of(std::size_t realm) {
    if (realm == 3) return {10, minutes(10)};
    if (realm == 7) return {20, hours(1)};
    return default_realm_budget;
}

std::vector<Trouble> troubles() {
    using Kind = Trouble::Kind;
    return {
        {Kind::refuses_connections, day(8), day(8) + hours(3), 0, 19},
        {Kind::throttles_with_retry_after, day(12), day(12) + hours(8), 0, 9},
        {Kind::answers_503, day(15), day(15) + hours(2), 0, 9},
        {Kind::hangs, day(22), day(22) + hours(1), 0, 19},
        {Kind::answers_503, day(30), day(30) + hours(6), 5, 14},
        {Kind::throttles, day(35), day(35) + hours(6), 0, 19},
        {Kind::refuses_connections, day(41), day(41) + minutes(30), 0, 19},
        {Kind::hangs, day(52), day(52) + minutes(90), 10, 19},
    };
}

std::vector<AccountPlan> account_plans() {
    std::vector<AccountPlan> plans(accounts);
    for (std::size_t index = 0; index < accounts; ++index) {
        AccountPlan& plan = plans[index];
        plan.realm = index / accounts_of_realm;
        plan.stated = plan.realm % 5 == 4;
        plan.settings.account = "a" + std::to_string(index);
        plan.settings.realm = "realm-" + std::to_string(plan.realm);
        plan.settings.lifetime = lifetime_of(plan.realm);
        plan.settings.has_probe = index % 4 != 0;
        if (index % 4 == 1) plan.settings.probe_every = hours(6);
    }
    return plans;
}

struct Happening {
    Time at;
    std::function<void(Time)> what;
};

class Scenario {
public:
    explicit Scenario(std::uint64_t seed, Time length = whole)
        : length_(length), random_(seed), upstream_(make_upstream()), host_(make_host()) {}

    Result run() {
        plan_crashes();
        plan_changes();
        std::stable_sort(
            happenings_.begin(), happenings_.end(),
            [](const Happening& left, const Happening& right) { return left.at < right.at; });
        host_.start(Time(0));
        for (const Happening& happening : happenings_) {
            if (happening.at >= length_) break;
            host_.run_until(happening.at);
            happening.what(happening.at);
        }
        host_.run_until(length_);
        result_.upstream = upstream_.counts();
        result_.host = host_.counts();
        result_.digest = upstream_.digest();
        result_.fullest_account = upstream_.fullest_account();
        result_.valid_at_the_end = host_.valid_tokens(length_);
        return result_;
    }

private:
    Upstream make_upstream() {
        std::vector<Budget> own(accounts);
        std::vector<Budget> shared;
        std::vector<std::size_t> realm_of;
        std::vector<Milliseconds> lifetimes;
        for (std::size_t realm = 0; realm < realms; ++realm)
            shared.push_back(budget_of(realm));
        for (std::size_t index = 0; index < accounts; ++index) {
            realm_of.push_back(index / accounts_of_realm);
            lifetimes.push_back(lifetime_of(index / accounts_of_realm));
        }
        return {random_, own, shared, realm_of, lifetimes, troubles()};
    }
    Host make_host() {
        std::vector<Budget> shared;
        for (std::size_t realm = 0; realm < realms; ++realm)
            shared.push_back(budget_of(realm));
        return {random_, upstream_, account_plans(), shared};
    }

    void at(Time when, std::function<void(Time)> what) {
        happenings_.push_back({when, std::move(what)});
    }

    void crash_at(Time when, Milliseconds down) {
        at(when, [this](Time now) {
            // A wall clock that is wrong when the machine restarts is what nobody can see through;
            // it is not tried.
            const bool reboot = host_.wall_is_right() && random_.chance(0.5);
            ++result_.crashes;
            result_.reboots += reboot ? 1 : 0;
            host_.crash(now, reboot);
        });
        at(when + down, [this](Time now) { host_.start(now); });
    }

    void plan_crashes() {
        crash_at(seconds(20), seconds(3));  // in the cold start
        for (int n = 0; n < 12; ++n)
            crash_at(day(40) + seconds(20 * n), seconds(2));  // a crash loop
        for (std::size_t n = 0; n < 27; ++n) {                // anywhere else
            const Time when = day(1) + (whole - day(2)) / 27 * static_cast<int>(n) +
                              random_.between(Milliseconds(0), day(1.5));
            crash_at(when, random_.between(seconds(1), minutes(15)));
        }
    }

    void plan_changes() {
        for (const auto& [when, realm] :
             {std::pair(day(18), 2), std::pair(day(27), 11), std::pair(day(46), 16)}) {
            for (std::size_t n = 0; n < accounts_of_realm; ++n) {
                const std::size_t account = static_cast<std::size_t>(realm) * accounts_of_realm + n;
                at(when, [this, account](Time) { upstream_.change_password(account); });
                at(when + hours(6),
                   [this, account](Time now) { host_.change_secret(account, now); });
            }
        }
        const auto clock = [this](Time when, Milliseconds offset, Milliseconds span) {
            at(when, [this, offset](Time now) { host_.set_wall_clock(now, offset); });
            at(when + span, [this](Time now) { host_.set_wall_clock(now, Milliseconds(0)); });
        };
        clock(day(10), minutes(7), minutes(30));
        clock(day(20), -minutes(10), hours(2));
        clock(day(33), -hours(24 * 730), minutes(20));
        clock(day(44), hours(24 * 1095), minutes(5));
        for (const auto& [when, span] : {std::pair(day(25), Milliseconds(hours(9))),
                                         std::pair(day(38), Milliseconds(minutes(20))),
                                         std::pair(day(55), Milliseconds(hours(48)))}) {
            const Milliseconds asleep = span;
            at(when, [this, asleep](Time now) { host_.suspend(now, asleep); });
        }
        at(day(28), [this](Time) { host_.fail_ledger(true); });
        at(day(28) + minutes(15), [this](Time) { host_.fail_ledger(false); });
    }

    Time length_;
    Random random_;
    Upstream upstream_;
    Host host_;
    std::vector<Happening> happenings_;
    Result result_;
};

void print(const Result& result) {
    const auto row = [](const char* what, std::uint64_t number) {
        std::printf("  %-44s %10llu\n", what, static_cast<unsigned long long>(number));
    };
    std::printf("60 days, %zu accounts in %zu realms\n", accounts, realms);
    row("crashes", result.crashes);
    row("  of them reboots", result.reboots);
    row("logins that the upstream saw", result.upstream.logins);
    row("  gave a token", result.upstream.ok);
    row("  throttled", result.upstream.throttled);
    row("  met a fault", result.upstream.faults);
    row("  refused", result.upstream.refused);
    row("logins that the policy needs", result.host.needed());
    row("  for a first token", result.host.first_tokens);
    row("  for a refresh time reached", result.host.refreshes_due);
    row("  for a token that died before", result.host.died_before);
    row("  for a token ended by a wrong wall clock", result.host.ended_by_clock);
    std::printf("  %-44s %9.2f%%\n", "more than needed",
                100.0 * static_cast<double>(result.upstream.logins) /
                        static_cast<double>(result.host.needed()) -
                    100.0);
    row("tokens that died early", result.upstream.early_deaths);
    row("tokens lost in a crash before they were sealed", result.host.tokens_lost);
    row("logins in flight in a crash", result.host.logins_cut);
    row("over an account's budget", result.upstream.over_account_budget);
    row("over a realm's budget", result.upstream.over_realm_budget);
    row("before a not-before time", result.upstream.before_not_before);
    row("most logins of an account in its window", result.fullest_account);
    row("suspensions", result.host.suspensions);
    row("logins while suspended", result.host.sent_while_suspended);
    row("polls of clients", result.host.polls);
    row("  answered with a token", result.host.served);
    row("  of them expired", result.host.served_expired);
    row("  of them ended by somebody else", result.host.served_dead);
    row("  without a token", result.host.without_token);
    row("machines that span", result.host.spins + result.host.sleeps_in_the_past);
    row("accounts with a valid token at the end", result.valid_at_the_end);
    std::printf("  %-44s %10llx\n", "digest of all logins",
                static_cast<unsigned long long>(result.digest));
}

TEST(Simulation, sixty_days_of_a_thousand_accounts_keep_every_promise) {
    const Result result = Scenario(20261122).run();
    print(result);

    EXPECT_EQ(result.crashes, 40U);
    EXPECT_GT(result.reboots, 5U);
    EXPECT_EQ(result.upstream.over_account_budget, 0U);
    EXPECT_EQ(result.upstream.over_realm_budget, 0U);
    EXPECT_EQ(result.upstream.before_not_before, 0U);
    EXPECT_EQ(result.host.sent_while_suspended, 0U);
    EXPECT_EQ(result.host.served_expired, 0U);
    EXPECT_EQ(result.host.spins, 0U);
    EXPECT_EQ(result.host.sleeps_in_the_past, 0U);
    EXPECT_EQ(result.valid_at_the_end, accounts);
    EXPECT_EQ(result.host.first_tokens, accounts);
    EXPECT_LE(result.upstream.logins * 100, result.host.needed() * 105);
    EXPECT_LE(result.host.needed() * 100, result.upstream.logins * 105);
    // What was to be met was met.
    EXPECT_GT(result.upstream.throttled, 25U);
    EXPECT_GT(result.upstream.faults, 50U);
    EXPECT_GT(result.upstream.refused, 0U);
    EXPECT_GT(result.upstream.early_deaths, 100U);
    EXPECT_GT(result.host.logins_cut + result.host.tokens_lost, 5U);
}

TEST(Simulation, the_same_seed_gives_the_same_result) {
    const std::uint64_t digest = Scenario(7, day(10.5)).run().digest;
    EXPECT_EQ(Scenario(7, day(10.5)).run().digest, digest);
    EXPECT_NE(Scenario(8, day(10.5)).run().digest, digest);
}

}  // namespace
}  // namespace tokenbroker::core::simulation
