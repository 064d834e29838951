#include "core/ledger_time.hpp"

#include <algorithm>
#include <utility>

namespace tokenbroker::core {

RecordTimes::RecordTimes(const std::vector<LedgerRecord>& records, std::string boot_id, Moment now)
    : boot_id_(std::move(boot_id)), now_(now) {
    for (const LedgerRecord& record : records) {
        const Stamp& stamp = stamp_of(record);
        last_.insert_or_assign(stamp.boot_id, stamp);
    }
}

BootTime RecordTimes::boot(const Stamp& stamp) const {
    if (stamp.boot_id == boot_id_) return std::min(stamp.boot, now_.boot);
    WallTime wall = stamp.wall;
    // The last record of a boot knows best how its boot time lay on the wall clock: a clock set in
    // between took no record's age with it.
    if (const auto last = last_.find(stamp.boot_id); last != last_.end()) {
        wall = last->second.wall - (last->second.boot - stamp.boot);
    }
    const Milliseconds age = std::clamp(now_.wall - wall, Milliseconds::zero(), forever);
    return saturating_add(now_.boot, -age);
}

}  // namespace tokenbroker::core
