#include "broker/durable_ledger.hpp"

#include <utility>

namespace tokenbroker::broker {

namespace asio = boost::asio;

DurableLedger::DurableLedger(core::Ledger model, state::LedgerFile& file, Logger& log)
    : model_(std::move(model)), file_(file), log_(log) {}

asio::awaitable<Result<void>> DurableLedger::open(Moment now) {
    core::Stamp stamp = model_.stamp(now);
    auto opened = co_await file_.open(std::move(stamp));
    if (!opened) co_return opened.error();
    if (opened->lost && opened->set_aside.empty()) {
        log_.error("ledger_unreadable",
                   "the login ledger can't be read: budgets count as spent but for one login an "
                   "account",
                   {{"cause", opened->detail}});
    } else if (opened->lost) {
        log_.error("ledger_set_aside",
                   "the login ledger can't be read and was set aside: budgets count as spent but "
                   "for one login an account",
                   {{"cause", opened->detail}, {"path", opened->set_aside}});
    }
    if (opened->torn_bytes > 0) {
        log_.info("ledger_tail_cut",
                  "the login ledger ended in a record that was never finished; it was cut off",
                  {{"bytes", opened->torn_bytes}});
    }
    model_.load(opened->records, now);
    std::vector<core::LedgerRecord> snapshot = model_.snapshot(now);
    auto compacted = co_await file_.compact(std::move(snapshot));
    if (!compacted && opened->unwritten) {
        fall_behind(now.wall);
        log_.error("ledger_write_failed",
                   "the login ledger can't be written: no login is made until it can",
                   {{"cause", compacted.error().message()}});
    } else if (!compacted) {
        log_.warn("ledger_not_compacted",
                  "the login ledger can't be rewritten shorter; it is used as it is",
                  {{"cause", compacted.error().message()}});
    }
    co_return Result<void>();
}

void DurableLedger::fall_behind(WallTime at) {
    ++missed_;
    last_missed_ = at;
    fell_behind_.notify_all();
}

asio::awaitable<Result<void>> DurableLedger::append(std::vector<core::LedgerRecord> records) {
    const WallTime at = core::stamp_of(records.front()).wall;
    auto written = co_await file_.append(std::move(records));
    if (!written) fall_behind(at);
    co_return written;
}

asio::awaitable<Result<void>> DurableLedger::begin(core::AttemptRecord attempt, Moment now) {
    if (behind()) {
        // The model has counted this attempt too.
        auto caught_up = co_await catch_up(now);
        co_return caught_up;
    }
    std::vector<core::LedgerRecord> records;
    records.emplace_back(std::move(attempt));
    auto written = co_await file_.append(std::move(records));
    co_return written;
}

asio::awaitable<void> DurableLedger::until_behind() {
    while (!behind())
        co_await fell_behind_.wait();
}

asio::awaitable<Result<void>> DurableLedger::catch_up(Moment now) {
    const std::uint64_t holds = missed_;
    std::vector<core::LedgerRecord> snapshot = model_.snapshot(now);
    auto written = co_await file_.compact(std::move(snapshot));
    if (!written) co_return written;
    made_up_for_ = holds;
    log_.info("ledger_recovered",
              "the login ledger is written again, and nothing is missing in it");
    co_return written;
}

asio::awaitable<void> DurableLedger::compact_if_due(Moment now) {
    if (!file_.wants_compaction()) co_return;
    std::vector<core::LedgerRecord> snapshot = model_.snapshot(now);
    auto compacted = co_await file_.compact(std::move(snapshot));
    if (!compacted) {
        log_.warn("ledger_not_compacted",
                  "the login ledger can't be rewritten shorter; it is used as it is",
                  {{"cause", compacted.error().message()}});
    }
}

}  // namespace tokenbroker::broker
