#pragma once

#include "core/ledger_record.hpp"
#include "state/record_log.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <vector>

namespace tokenbroker::state {

// The login ledger on disk: `ledger` in the state directory, core's records as one line of JSON
// each. A store elsewhere could stand behind these calls.
class LedgerFile {
public:
    struct Opened {
        std::vector<core::LedgerRecord> records;  // what core::Ledger::load() takes
        bool lost = false;   // the file could not be read whole: the first record is a LostRecord,
                             // and those follow that could be read
        std::string detail;  // what was wrong, in one sentence for the log
        std::string set_aside;  // where the unreadable file lies now
        std::size_t torn_bytes =
            0;  // of a write that was cut short, and that nobody was told of: cut off
        std::optional<Error> unwritten;  // why the file does not say so yet: nothing can be
                                         // appended before compact() has worked
    };

    LedgerFile(const std::string& directory, async::Offload& offload,
               host::FileSystem& files = host::FileSystem::kernel());

    // Once, before anything else; made where it is not there.
    boost::asio::awaitable<Result<Opened>> open(core::Stamp now);
    // Durable, all of them, once this returns well. After an error none of them is in the file; a
    // call that was cancelled may have written them. Appends that wait together share one
    // fdatasync.
    boost::asio::awaitable<Result<void>> append(std::vector<core::LedgerRecord> records);
    // Puts `snapshot` in the place of all that was appended before, all or nothing. It has to mean
    // all that was handed to append() before this call.
    boost::asio::awaitable<Result<void>> compact(std::vector<core::LedgerRecord> snapshot);

    // The file has grown enough for a compaction to be worth it.
    [[nodiscard]] bool wants_compaction() const noexcept;

private:
    RecordLog log_;
};

}  // namespace tokenbroker::state
