#include "state/ledger_file.hpp"

#include "state/ledger_json.hpp"

#include <algorithm>
#include <utility>

namespace tokenbroker::state {
namespace {

namespace asio = boost::asio;

// Some thousand records; and then four times what a compaction left.
constexpr std::uint64_t worth_compacting = std::uint64_t{256} * 1024;

RecordLog::Records encode_all(const std::vector<core::LedgerRecord>& records) {
    RecordLog::Records lines;
    lines.reserve(records.size());
    for (const core::LedgerRecord& record : records)
        lines.push_back(encode_record(record));
    return lines;
}

}  // namespace

LedgerFile::LedgerFile(const std::string& directory, async::Offload& offload,
                       host::FileSystem& files)
    : log_(directory + "/ledger", offload, files) {}

asio::awaitable<Result<LedgerFile::Opened>> LedgerFile::open(core::Stamp now) {
    core::LostRecord lost;
    lost.at = std::move(now);
    const core::LedgerRecord mark(lost);
    std::string mark_line = encode_record(mark);
    RecordLog::Readable readable = [](const std::string& line) {
        return decode_record(line).has_value();
    };
    auto read = co_await log_.open(std::move(mark_line), std::move(readable));
    if (!read) co_return read.error();
    Opened opened;
    opened.lost = read->lost;
    opened.detail = std::move(read->detail);
    opened.set_aside = std::move(read->set_aside);
    opened.torn_bytes = read->torn_bytes;
    opened.unwritten = std::move(read->unwritten);
    if (opened.lost) opened.records.push_back(mark);
    for (const std::string& line : read->records) {
        if (auto record = decode_record(line)) opened.records.push_back(std::move(*record));
    }
    co_return opened;
}

asio::awaitable<Result<void>> LedgerFile::append(std::vector<core::LedgerRecord> records) {
    RecordLog::Records lines = encode_all(records);
    auto done = co_await log_.append(std::move(lines));
    co_return done;
}

asio::awaitable<Result<void>> LedgerFile::compact(std::vector<core::LedgerRecord> snapshot) {
    RecordLog::Records lines = encode_all(snapshot);
    auto done = co_await log_.replace(std::move(lines));
    co_return done;
}

bool LedgerFile::wants_compaction() const noexcept {
    return log_.size() > std::max(worth_compacting, 4 * log_.size_at_first());
}

}  // namespace tokenbroker::state
