// Reading a ledger back at start, forgetting what no window needs, and compaction.
#include "core/ledger.hpp"
#include "core/ledger_time.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tokenbroker::core {
namespace {

// How long after its record an attempt without outcome may still have reached the upstream.
constexpr Milliseconds may_have_lasted = std::chrono::minutes(1);
// What no window counts any more is kept all the same, so that a longer one that is configured
// later starts with what was spent: so many logins of each account, for the longest window there
// is.
constexpr std::size_t kept_anyway = 32;
constexpr Milliseconds longest_window = std::chrono::hours(24 * 365);

}  // namespace

void Ledger::load(const std::vector<LedgerRecord>& records, Moment now) {
    const RecordTimes times(records, boot_id_, now);
    for (const LedgerRecord& record : records) {
        std::visit([&](const auto& known) { count(known, times.boot(known.at)); }, record);
    }
    close_open(now.boot);
    for (auto& [name, account] : accounts_) {
        std::stable_sort(
            account.past.begin(), account.past.end(),
            [](const Past& left, const Past& right) { return left.ended < right.ended; });
        forget_old(account, now.boot);
    }
    for (auto& [name, realm] : realms_)
        realm.forget_old(now.boot);
    woken_.clear();
}

void Ledger::abandon(std::uint64_t attempt, BootTime now) {
    const auto found = running_.find(attempt);
    if (found == running_.end()) return;
    const Running login = std::move(found->second);
    running_.erase(found);
    Account& account = accounts_[login.account];
    RealmBook& realm = realms_[login.realm];
    account.window.end(login.cause, now);
    realm.window.end(login.cause, now);
    account.past.push_back(
        {attempt, login.began, now, login.cause, login.realm, true, login.window});
    wake(realm);
}

void Ledger::close_open(BootTime now) {
    while (!running_.empty()) {
        const auto& [id, login] = *running_.begin();
        abandon(id, std::min(now, saturating_add(login.began, may_have_lasted)));
    }
    for (auto& [name, account] : accounts_) {
        const auto open = std::count_if(account.past.begin(), account.past.end(),
                                        [](const Past& past) { return past.open; });
        account.memory.lost = static_cast<unsigned>(open);
    }
}

Milliseconds Ledger::window_of(const Account& account, const std::string& realm) const {
    const auto found = realms_.find(realm);
    const Budget& shared = found == realms_.end() ? default_realm_budget : found->second.budget;
    return std::max(account.budget.per, shared.per);
}

Milliseconds Ledger::window_of(const std::string& account) const {
    const auto found = accounts_.find(account);
    return found == accounts_.end() ? Milliseconds::zero()
                                    : window_of(found->second, found->second.realm);
}

bool Ledger::counts_no_more(const Account& account, std::size_t index, BootTime now) const {
    const Past& past = account.past[index];
    const Milliseconds age = now - past.ended;
    if (age > longest_window) return true;
    if (index + kept_anyway >= account.past.size()) return false;
    return age > std::max(past.window, window_of(account, past.realm));
}

void Ledger::forget_old(Account& account, BootTime now) const {
    std::deque<Past> kept;
    for (std::size_t index = 0; index < account.past.size(); ++index) {
        if (!counts_no_more(account, index, now)) kept.push_back(std::move(account.past[index]));
    }
    account.past = std::move(kept);
    account.window.forget_before(account.past.empty() ? now : account.past.front().ended, 0);
}

Stamp Ledger::restated(BootTime when, Moment now) const {
    return {saturating_add(now.wall, when - now.boot), when, boot_id_};
}

std::vector<LedgerRecord> Ledger::snapshot(Moment now) const {
    std::vector<LedgerRecord> records;
    if (lost_ && now.boot < saturating_add(*lost_, longest_window)) {
        records.emplace_back(LostRecord{restated(*lost_, now)});
    }
    for (const auto& [name, realm] : realms_) {
        const Milliseconds wait = realm.not_before.value_or(now.boot) - now.boot;
        if (wait <= Milliseconds::zero() && realm.throttles == 0) continue;
        records.emplace_back(ThrottleRecord{stamp(now), name, std::max(wait, Milliseconds::zero()),
                                            realm.throttles});
    }
    for (const auto& [name, account] : accounts_)
        snapshot_account(name, account, now, records);
    for (const auto& [id, login] : running_) {
        records.emplace_back(AttemptRecord{restated(login.began, now), id, login.account,
                                           login.realm, login.cause, false, login.window});
    }
    return records;
}

void Ledger::snapshot_account(const std::string& name, const Account& account, Moment now,
                              std::vector<LedgerRecord>& records) const {
    const auto add_past = [&](bool open) {
        for (std::size_t index = 0; index < account.past.size(); ++index) {
            const Past& past = account.past[index];
            if (past.open != open || counts_no_more(account, index, now.boot)) continue;
            records.emplace_back(AttemptRecord{restated(open ? past.began : past.ended, now),
                                               past.id, name, past.realm, past.cause, !open,
                                               past.window});
        }
    };
    add_past(false);
    const AccountMemory& memory = account.memory;
    if (memory.failures > 0 || memory.not_before) {
        const LoginError error = memory.last_error.value_or(LoginError());
        const BootTime at = account.error_at.value_or(now.boot);
        OutcomeRecord outcome;
        outcome.at = restated(at, now);
        outcome.account = name;
        outcome.realm = account.realm;
        outcome.verdict = error.kind;
        outcome.failures = memory.failures;
        outcome.faults = memory.faults;
        outcome.throttles = memory.throttles;
        outcome.wait = std::max(memory.not_before.value_or(at) - at, Milliseconds::zero());
        outcome.step = error.step;
        outcome.status = error.status;
        outcome.message = error.message;
        records.emplace_back(std::move(outcome));
    }
    if (memory.suspended) {
        const LoginError error = memory.last_error.value_or(LoginError());
        records.emplace_back(SuspendedRecord{restated(account.suspended_at.value_or(now.boot), now),
                                             name, *memory.suspended, error.step, error.status,
                                             error.message});
    }
    add_past(true);  // after the outcome: they are what the process died in since
}

}  // namespace tokenbroker::core
