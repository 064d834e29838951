#pragma once

#include "core/ledger_record.hpp"

#include <optional>
#include <string>

namespace tokenbroker::state {

// One record as one line of JSON, without '\n'.
std::string encode_record(const core::LedgerRecord& record);
// None: not a record, or of a kind that this program does not know. A member that is missing has
// its default, one that is unknown is left out.
std::optional<core::LedgerRecord> decode_record(const std::string& line);

}  // namespace tokenbroker::state
