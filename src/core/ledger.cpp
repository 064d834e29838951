#include "core/ledger.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace tokenbroker::core {
namespace {

// Whose account may go first where two have one priority: the name decides.
std::pair<Priority, std::string> place_of(const Priority& priority, const std::string& account) {
    return {priority, account};
}

}  // namespace

void Ledger::set_realm(const std::string& realm, Budget budget) {
    realms_[realm].budget = budget;
    wake(realms_[realm]);
}

void Ledger::forget_realms() {
    for (auto& [name, realm] : realms_)
        realm.budget = default_realm_budget;
}

void Ledger::set_account(const std::string& account, const std::string& realm, Budget budget) {
    dequeue(account);
    Account& known = accounts_[account];
    known.realm = realm;
    known.budget = budget;
    realms_.try_emplace(realm);
}

void Ledger::remove_account(const std::string& account) {
    dequeue(account);
}

void Ledger::apply(const LedgerRecord& record) {
    std::visit([this](const auto& known) { this->count(known, known.at.boot); }, record);
}

void Ledger::count(const AttemptRecord& record, BootTime when) {
    last_id_ = std::max(last_id_, record.id);
    // A compaction between its counting and its writing leaves it there twice.
    if (running_.contains(record.id)) return;
    Account& account = accounts_[record.account];
    RealmBook& realm = realms_[record.realm];
    account.memory.last_attempt = when;
    account.memory.last_attempt_at = record.at.wall;
    realm.last_start = std::max(realm.last_start.value_or(when), when);
    if (record.settled) {
        account.memory.last_end = when;
        account.window.add(record.cause, when);
        realm.window.add(record.cause, when);
        account.past.push_back(
            {record.id, when, when, record.cause, record.realm, false, record.window});
        return;
    }
    dequeue(record.account);
    account.window.begin(record.cause);
    realm.window.begin(record.cause);
    running_.insert_or_assign(
        record.id, Running{record.account, record.realm, record.cause, when, record.window});
}

void Ledger::count(const OutcomeRecord& record, BootTime when) {
    settle(record, when);
    Account& account = accounts_[record.account];
    AccountMemory& memory = account.memory;
    memory.failures = record.failures;
    memory.faults = record.faults;
    memory.throttles = record.throttles;
    memory.lost = 0;
    for (Past& past : account.past)
        past.open = false;
    memory.not_before.reset();
    if (record.wait > Milliseconds::zero()) memory.not_before = saturating_add(when, record.wait);
    memory.last_error.reset();
    if (record.verdict != Verdict::ok) {
        memory.last_error =
            LoginError{record.verdict, record.step, record.status, record.message, record.at.wall};
        account.error_at = when;
    }
}

void Ledger::settle(const OutcomeRecord& record, BootTime when) {
    const auto found = running_.find(record.id);
    if (record.id == 0 || found == running_.end()) return;
    const Running login = std::move(found->second);
    running_.erase(found);
    Account& account = accounts_[login.account];
    RealmBook& realm = realms_[login.realm];
    account.memory.last_end = when;
    if (record.refunded) {
        account.window.refund(login.cause);
        realm.window.refund(login.cause);
        wake(realm);
        return;
    }
    account.window.end(login.cause, when);
    realm.window.end(login.cause, when);
    account.past.push_back(
        {record.id, login.began, when, login.cause, login.realm, false, login.window});
    if (realm.throttles > 0) wake(realm);
    forget_old(account, when);
    realm.forget_old(when);
}

void Ledger::count(const ThrottleRecord& record, BootTime when) {
    RealmBook& realm = realms_[record.realm];
    realm.throttles = record.throttles;
    if (record.wait > Milliseconds::zero()) {
        const BootTime until = saturating_add(when, record.wait);
        realm.not_before = std::max(realm.not_before.value_or(until), until);
    } else {
        wake(realm);
    }
}

void Ledger::count(const ThrottleClearedRecord& record, BootTime /*when*/) {
    RealmBook& realm = realms_[record.realm];
    realm.throttles = 0;
    realm.not_before.reset();
    wake(realm);
}

void Ledger::count(const SuspendedRecord& record, BootTime when) {
    Account& account = accounts_[record.account];
    account.memory.suspended = record.fingerprint;
    account.suspended_at = when;
    account.memory.last_error =
        LoginError{Verdict::refused, record.step, record.status, record.message, record.at.wall};
    account.error_at = when;
}

void Ledger::count(const ResumedRecord& record, BootTime /*when*/) {
    AccountMemory& memory = accounts_[record.account].memory;
    memory.suspended.reset();
    memory.not_before.reset();
    memory.failures = memory.faults = memory.throttles = 0;
}

void Ledger::count(const LostRecord& /*record*/, BootTime when) {
    lost_ = std::max(lost_.value_or(when), when);
}

BootTime Ledger::account_earliest(const Account& account, Cause cause, BootTime now) const {
    const BootTime earliest = account.window.earliest(account.budget, cause, 0, now);
    if (!lost_) return earliest;
    const BootTime known_again = saturating_add(*lost_, account.budget.per);
    if (now >= known_again || account.window.used_since(*lost_) == 0) return earliest;
    return std::max(earliest, saturating_add(known_again, just_after));
}

Permission Ledger::permission(const std::string& account, Cause cause, const Priority& priority,
                              BootTime now) const {
    const auto found = accounts_.find(account);
    if (found == accounts_.end()) return {now, WaitingFor::nothing, false};
    const auto book = realms_.find(found->second.realm);
    if (book == realms_.end()) return {now, WaitingFor::nothing, false};
    const RealmBook& realm = book->second;
    const auto place = place_of(priority, account);
    unsigned ahead = realm.ahead_of(place);
    const auto& queued = found->second.queued;
    if (queued && place_of(*queued, account) < place) --ahead;  // that is its own place
    std::optional<BootTime> lost_until;
    if (lost_) lost_until = saturating_add(*lost_, realm.budget.per);

    const BootTime own = account_earliest(found->second, cause, now);
    const BootTime shared = realm.within_budget(cause, ahead, lost_until, now);
    const BootTime open = realm.past_throttle(ahead, now);
    Permission permission{std::max({own, shared, open}), WaitingFor::nothing, own <= now};
    if (permission.at <= now) {
        permission.realm_only = false;
    } else if (permission.at == open) {
        permission.waiting_for = WaitingFor::upstream;
    } else {
        permission.waiting_for =
            permission.at == own ? WaitingFor::account_budget : WaitingFor::realm_budget;
    }
    return permission;
}

std::optional<BootTime> Ledger::not_before(const std::string& realm, BootTime now) const {
    const auto found = realms_.find(realm);
    if (found == realms_.end() || !found->second.not_before) return std::nullopt;
    return *found->second.not_before > now ? found->second.not_before : std::nullopt;
}

unsigned Ledger::throttles(const std::string& realm) const {
    const auto found = realms_.find(realm);
    return found == realms_.end() ? 0 : found->second.throttles;
}

void Ledger::enqueue(const std::string& account, const Priority& priority) {
    Account& known = accounts_[account];
    if (known.queued == priority) return;
    dequeue(account);
    known.queued = priority;
    realms_[known.realm].queue.insert(place_of(priority, account));
}

void Ledger::dequeue(const std::string& account) {
    const auto found = accounts_.find(account);
    if (found == accounts_.end() || !found->second.queued) return;
    realms_[found->second.realm].queue.erase(place_of(*found->second.queued, account));
    found->second.queued.reset();
}

std::vector<std::string> Ledger::take_woken() {
    return std::exchange(woken_, {});
}

void Ledger::wake(const RealmBook& realm) {
    for (const auto& [priority, account] : realm.queue)
        woken_.push_back(account);
}

AccountMemory Ledger::memory(const std::string& account) const {
    const auto found = accounts_.find(account);
    return found == accounts_.end() ? AccountMemory() : found->second.memory;
}

unsigned Ledger::left(const std::string& account, BootTime now) const {
    const auto found = accounts_.find(account);
    if (found == accounts_.end()) return 0;
    const Account& known = found->second;
    unsigned used = known.window.used(known.budget.per, now);
    unsigned limit = known.budget.logins;
    if (lost_ && now < saturating_add(*lost_, known.budget.per)) {
        limit = std::min(limit, 1U);
        used = known.window.used_since(*lost_);
    }
    return limit > used ? limit - used : 0;
}

}  // namespace tokenbroker::core
