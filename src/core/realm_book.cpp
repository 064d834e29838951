#include "core/realm_book.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>

namespace tokenbroker::core {
namespace {

constexpr Milliseconds widest_spacing = std::chrono::seconds(1);
// How soon to look again while the one login that tests a throttle is under way.
constexpr Milliseconds look_again = std::chrono::seconds(5);
// Logins that are remembered whatever their age, for a longer window that may be configured later.
constexpr std::size_t remembered = 1024;

void insert_sorted(std::deque<BootTime>& times, BootTime when) {
    times.insert(std::upper_bound(times.begin(), times.end(), when), when);
}

void forget(std::deque<BootTime>& times, BootTime when, std::size_t kept) {
    if (times.size() <= kept) return;
    const auto last = times.end() - static_cast<std::ptrdiff_t>(kept);
    times.erase(times.begin(), std::lower_bound(times.begin(), last, when));
}

unsigned count_from(const std::deque<BootTime>& times, BootTime when) {
    return static_cast<unsigned>(
        std::distance(std::lower_bound(times.begin(), times.end(), when), times.end()));
}

BootTime earliest_of(const std::deque<BootTime>& ended, unsigned running, unsigned limit,
                     Milliseconds per, unsigned ahead, BootTime now) {
    const unsigned most = std::max(limit, 1U);
    const auto first = std::lower_bound(ended.begin(), ended.end(), now - per);
    const auto counted = static_cast<unsigned>(std::distance(first, ended.end()));
    const unsigned before = counted + running + ahead;
    if (before < most) return now;
    // So many of those counted have to leave the window first.
    const unsigned leave = before - most;
    if (leave < counted) {
        const BootTime end = *std::next(first, static_cast<std::ptrdiff_t>(leave));
        return saturating_add(end, per + just_after);
    }
    return saturating_add(now, per + just_after);
}

}  // namespace

std::strong_ordering Priority::operator<=>(const Priority& other) const noexcept {
    if (calls_wait != other.calls_wait) {
        return calls_wait ? std::strong_ordering::less : std::strong_ordering::greater;
    }
    if (has_token != other.has_token) {
        return has_token ? std::strong_ordering::greater : std::strong_ordering::less;
    }
    return expiry <=> other.expiry;
}

void Window::end(Cause cause, BootTime when) {
    refund(cause);
    add(cause, when);
}

void Window::refund(Cause cause) noexcept {
    unsigned& count = running(cause);
    if (count > 0) --count;
}

void Window::add(Cause cause, BootTime ended) {
    insert_sorted(all_, ended);
    if (cause != Cause::need) insert_sorted(share_, ended);
}

void Window::forget_before(BootTime when, std::size_t kept) {
    forget(all_, when, kept);
    forget(share_, when, kept);
}

BootTime Window::earliest(const Budget& budget, Cause cause, unsigned ahead, BootTime now) const {
    const BootTime whole = earliest_of(all_, running(), budget.logins, budget.per, ahead, now);
    if (cause == Cause::need) return whole;
    return std::max(whole, earliest_of(share_, share_running_, budget.share(), budget.per, 0, now));
}

unsigned Window::used(Milliseconds per, BootTime now) const {
    return used_since(now - per);
}

unsigned Window::used_since(BootTime when) const {
    return running() + count_from(all_, when);
}

void RealmBook::forget_old(BootTime now) {
    longest = std::max(longest, budget.per);
    window.forget_before(saturating_add(now, -longest), remembered);
}

unsigned RealmBook::ahead_of(const std::pair<Priority, std::string>& place) const {
    return static_cast<unsigned>(std::distance(queue.begin(), queue.lower_bound(place)));
}

BootTime RealmBook::within_budget(Cause cause, unsigned ahead, std::optional<BootTime> lost_until,
                                  BootTime now) const {
    const BootTime allowed = window.earliest(budget, cause, ahead, now);
    const bool lost = lost_until && now < *lost_until;
    const Milliseconds even = budget.per / std::max(budget.logins, 1U);
    const Milliseconds spacing = lost ? even : std::min(even, widest_spacing);
    const unsigned quarter = lost ? 0 : std::max(budget.logins / 4, 1U);
    const unsigned begun = window.used(budget.per, now) + ahead;
    if (begun < quarter) return allowed;
    const unsigned places = std::min(ahead, begun - quarter);
    const BootTime next = last_start ? std::max(now, saturating_add(*last_start, spacing)) : now;
    return std::max(allowed, saturating_add(next, spacing * static_cast<int>(places)));
}

BootTime RealmBook::past_throttle(unsigned ahead, BootTime now) const {
    const BootTime open = not_before ? std::max(*not_before, now) : now;
    if (throttles == 0) return open;
    if (window.running() > 0) return std::max(open, saturating_add(now, look_again));
    return saturating_add(open, widest_spacing * static_cast<int>(ahead));
}

}  // namespace tokenbroker::core
