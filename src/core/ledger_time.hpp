#pragma once

#include "core/ledger_record.hpp"

#include <map>
#include <string>
#include <vector>

namespace tokenbroker::core {

// Places the records of a ledger file in the boot time of the running boot (behaviour.md 22): those
// of this boot by their boot time; those of an earlier one by the wall clock, as that boot last had
// it, and never later than now.
class RecordTimes {
public:
    RecordTimes(const std::vector<LedgerRecord>& records, std::string boot_id, Moment now);

    [[nodiscard]] BootTime boot(const Stamp& stamp) const;

private:
    std::string boot_id_;
    Moment now_;
    std::map<std::string, Stamp> last_;  // of each boot
};

}  // namespace tokenbroker::core
