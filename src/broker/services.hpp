#pragma once

#include "async/clock.hpp"
#include "async/offload.hpp"
#include "base/log.hpp"
#include "broker/durable_ledger.hpp"
#include "host/systemd.hpp"
#include "metrics/registry.hpp"
#include "state/token_files.hpp"
#include "upstream/runner.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace tokenbroker::broker {

// What every account works with; all of it outlives the broker.
struct Services {
    boost::asio::any_io_executor executor;
    async::Clock& clock;
    async::Offload& offload;
    Logger& log;
    metrics::Registry& metrics;
    upstream::Runner& runner;
    state::TokenFiles& tokens;
    DurableLedger& ledger;
    host::Variables variables;                              // of the environment
    std::function<std::string(const Secret&)> fingerprint;  // keyed: of no use without the key
    std::function<std::string(const Secret&)>
        previous_fingerprint;            // under the previous key, if any
    std::function<double()> draw;        // uniform in [0, 1)
    std::function<void()> ledger_moved;  // some account may now log in sooner
};

}  // namespace tokenbroker::broker
