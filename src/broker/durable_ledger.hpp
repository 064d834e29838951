#pragma once

#include "async/event.hpp"
#include "base/log.hpp"
#include "core/ledger.hpp"
#include "state/ledger_file.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <vector>

namespace tokenbroker::broker {

// The login ledger as accounts use it: core counts, state keeps.
class DurableLedger {
public:
    // `file` outlives it.
    DurableLedger(core::Ledger model, state::LedgerFile& file, Logger& log);

    // Reads the file and counts what is in it. Budgets are set in the model before. A file that
    // can't be read counts as lost; one that can't be written is behind from the start.
    boost::asio::awaitable<Result<void>> open(Moment now);

    [[nodiscard]] core::Ledger& model() noexcept { return model_; }

    // Records of a login to be sent, or of what became of one; counted in the model already.
    // Durable once it returns well. Of what became of one nothing may be lost: where that can't be
    // written, the file is behind, and no login begins until it has caught up.
    boost::asio::awaitable<Result<void>> begin(core::AttemptRecord attempt, Moment now);
    boost::asio::awaitable<Result<void>> append(std::vector<core::LedgerRecord> records);

    [[nodiscard]] bool behind() const noexcept { return missed_ != made_up_for_; }
    [[nodiscard]] WallTime last_missed() const noexcept { return last_missed_; }
    boost::asio::awaitable<void> until_behind();
    // Writes all that the model has counted.
    boost::asio::awaitable<Result<void>> catch_up(Moment now);

    // Rewrites the file where it has grown enough for that.
    boost::asio::awaitable<void> compact_if_due(Moment now);

private:
    void fall_behind(WallTime at);

    core::Ledger model_;
    state::LedgerFile& file_;
    Logger& log_;
    std::uint64_t missed_ = 0;  // writes of what became of logins, that failed
    std::uint64_t made_up_for_ = 0;
    WallTime last_missed_;
    async::Event fell_behind_;
};

}  // namespace tokenbroker::broker
