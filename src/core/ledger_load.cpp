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
        if (const auto realm = realms_.find(account.realm); realm != realms_.end()) {
            forget_old(account, realm->second, now.boot);
        }
    }
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
    account.past.push_back({attempt, login.began, now, login.cause, login.realm, true});
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

void Ledger::forget_old(Account& account, RealmBook& realm, BootTime now) {
    const BootTime horizon = saturating_add(now, -(retention_ + std::chrono::minutes(1)));
    account.window.forget_before(horizon);
    realm.window.forget_before(horizon);
    while (!account.past.empty() && account.past.front().ended < horizon)
        account.past.pop_front();
}

Stamp Ledger::restated(BootTime when, Moment now) const {
    return {saturating_add(now.wall, when - now.boot), when, boot_id_};
}

std::vector<LedgerRecord> Ledger::snapshot(Moment now) const {
    std::vector<LedgerRecord> records;
    if (lost_ && now.boot < saturating_add(*lost_, retention_)) {
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
                                           login.realm, login.cause, false});
    }
    return records;
}

void Ledger::snapshot_account(const std::string& name, const Account& account, Moment now,
                              std::vector<LedgerRecord>& records) const {
    const BootTime horizon = saturating_add(now.boot, -retention_);
    const auto add_past = [&](bool open) {
        for (const Past& past : account.past) {
            if (past.open != open || past.ended < horizon) continue;
            records.emplace_back(AttemptRecord{restated(open ? past.began : past.ended, now),
                                               past.id, name, past.realm, past.cause, !open});
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
