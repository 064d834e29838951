#pragma once

#include "base/log.hpp"
#include "core/ledger.hpp"
#include "state/ledger_file.hpp"

#include <boost/asio/awaitable.hpp>

#include <vector>

namespace tokenbroker::broker {

// The login ledger as accounts use it: core counts, state keeps.
class DurableLedger {
public:
    // `file` outlives it.
    DurableLedger(core::Ledger model, state::LedgerFile& file, Logger& log);

    // Reads the file and counts what is in it. Budgets are set in the model before.
    boost::asio::awaitable<Result<void>> open(Moment now);

    [[nodiscard]] core::Ledger& model() noexcept { return model_; }

    // Durable once it returns well. The records are counted in the model already.
    boost::asio::awaitable<Result<void>> append(std::vector<core::LedgerRecord> records);

    // Rewrites the file where it has grown enough for that.
    boost::asio::awaitable<void> compact_if_due(Moment now);

private:
    core::Ledger model_;
    state::LedgerFile& file_;
    Logger& log_;
};

}  // namespace tokenbroker::broker
