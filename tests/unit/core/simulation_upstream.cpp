#include "simulation_upstream.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tokenbroker::core::simulation {
namespace {

// Counts one arrival and says how many the window [now - per, now] holds with it.
std::size_t arrivals(std::deque<Time>& times, Milliseconds per, Time now) {
    times.push_back(now);
    while (times.front() < now - per)
        times.pop_front();
    return times.size();
}

}  // namespace

Upstream::Upstream(Random& random, std::vector<Budget> account_budgets,
                   std::vector<Budget> realm_budgets, std::vector<std::size_t> realm_of,
                   std::vector<Milliseconds> lifetimes, std::vector<Trouble> troubles)
    : random_(random),
      account_budgets_(std::move(account_budgets)),
      realm_budgets_(std::move(realm_budgets)),
      realm_of_(std::move(realm_of)),
      lifetimes_(std::move(lifetimes)),
      troubles_(std::move(troubles)),
      passwords_(account_budgets_.size()),
      of_account_(account_budgets_.size()),
      of_realm_(realm_budgets_.size()),
      not_before_(realm_budgets_.size()) {}

std::optional<Trouble::Kind> Upstream::trouble(std::size_t realm, Time now) const {
    for (const Trouble& trouble : troubles_) {
        if (now >= trouble.from && now < trouble.to && realm >= trouble.first_realm &&
            realm <= trouble.last_realm) {
            return trouble.kind;
        }
    }
    return std::nullopt;
}

bool Upstream::refuses_connection(std::size_t account, Time now) const {
    return trouble(realm_of_[account], now) == Trouble::Kind::refuses_connections;
}

Milliseconds Upstream::latency(std::size_t account, Time now) {
    if (trouble(realm_of_[account], now) == Trouble::Kind::hangs) return std::chrono::seconds(30);
    return random_.between(Milliseconds(40), Milliseconds(3000));
}

void Upstream::count(std::size_t account, Time sent, Time now) {
    const std::size_t realm = realm_of_[account];
    const Budget& own = account_budgets_[account];
    const Budget& shared = realm_budgets_[realm];
    ++counts_.logins;
    const std::size_t in_window = arrivals(of_account_[account], own.per, now);
    fullest_account_ = std::max(fullest_account_, static_cast<unsigned>(in_window));
    if (in_window > own.logins) ++counts_.over_account_budget;
    if (arrivals(of_realm_[realm], shared.per, now) > shared.logins) ++counts_.over_realm_budget;
    for (const NotBefore& known : not_before_[realm]) {
        if (sent > known.heard && sent < known.until) ++counts_.before_not_before;
    }
}

Answer Upstream::login(std::size_t account, unsigned password, Time sent, Time now) {
    count(account, sent, now);
    mix(account);
    mix(static_cast<std::uint64_t>(now.count()));
    Answer answer;
    const auto wrong = trouble(realm_of_[account], now);
    if (wrong == Trouble::Kind::throttles || wrong == Trouble::Kind::throttles_with_retry_after) {
        ++counts_.throttled;
        answer.verdict = Verdict::throttled;
        if (wrong == Trouble::Kind::throttles_with_retry_after) {
            answer.retry_after =
                random_.between(std::chrono::minutes(20), std::chrono::minutes(90));
        }
    } else if (wrong == Trouble::Kind::answers_503 || wrong == Trouble::Kind::hangs) {
        ++counts_.faults;
        answer.verdict = Verdict::unavailable;
    } else if (password != passwords_[account]) {
        ++counts_.refused;
        answer.verdict = Verdict::refused;
    } else {
        answer = issue(account, now);
    }
    mix(static_cast<std::uint64_t>(answer.verdict));
    return answer;
}

Answer Upstream::issue(std::size_t account, Time now) {
    ++counts_.ok;
    const Milliseconds life = lifetimes_[account];
    Token token{tokens_.size() + 1, account, now, now + life, now + life, false};
    if (random_.chance(0.015)) {
        const double when = 0.01 + 0.44 * random_.unit();
        token.dies =
            now +
            Milliseconds(static_cast<Milliseconds::rep>(when * static_cast<double>(life.count())));
        ++counts_.early_deaths;
    }
    tokens_.push_back(token);
    Answer answer;
    answer.token = token;
    return answer;
}

bool Upstream::works(std::uint64_t token_id, Time now) const {
    return now < token(token_id).dies;
}

void Upstream::heard(std::size_t realm, Time now, Time until) {
    std::vector<NotBefore>& known = not_before_[realm];
    std::erase_if(known, [now](const NotBefore& old) { return old.until < now; });
    known.push_back({now, until});
}

void Upstream::mix(std::uint64_t value) {
    digest_ = (digest_ ^ value) * 1099511628211ULL;
}

}  // namespace tokenbroker::core::simulation
