#pragma once

#include "api/administration.hpp"
#include "api/server.hpp"
#include "async/event.hpp"
#include "async/nursery.hpp"
#include "async/offload.hpp"
#include "broker/broker.hpp"
#include "broker/durable_ledger.hpp"
#include "config/load.hpp"
#include "host/log.hpp"
#include "host/signals.hpp"
#include "host/system_clock.hpp"
#include "host/systemd.hpp"
#include "metrics/registry.hpp"
#include "sinks/sink_set.hpp"
#include "state/directory.hpp"
#include "state/key.hpp"
#include "state/ledger_file.hpp"
#include "state/token_files.hpp"
#include "upstream/http_client.hpp"
#include "upstream/runner.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>
#include <optional>
#include <string>

namespace tokenbroker::daemon {

// What start-up has made before the event loop exists.
struct Foundations {
    config::Origin origin;
    config::Settings settings;
    state::StateDirectory directory;
    state::StateKeys keys;
    std::string boot_id;
};

// The rooms, put together: constructed leaf to root, stopped root to leaf.
class Daemon final : public api::Administration {
public:
    Daemon(Foundations foundations, host::ProcessLogger& log);
    ~Daemon() override;

    // Runs until it is told to stop. The exit code.
    int run();

    boost::asio::awaitable<api::ReloadReply> reload() override;
    boost::asio::awaitable<std::optional<api::UserGroups>> groups_of(uid_t uid) override;

private:
    boost::asio::awaitable<void> live();
    boost::asio::awaitable<Result<void>> come_up();
    boost::asio::awaitable<void> go_down(std::string status);
    boost::asio::awaitable<void> serve();
    boost::asio::awaitable<void> handle_signals();
    boost::asio::awaitable<void> keep_watchdog();
    boost::asio::awaitable<void> keep_status();
    boost::asio::awaitable<void> resolve_names();
    boost::asio::awaitable<void> watch_secret_memory();
    boost::asio::awaitable<void> stay_small();
    boost::asio::awaitable<void> reap_orphans();
    boost::asio::awaitable<config::Loaded> load_configuration();
    boost::asio::awaitable<void> apply(config::Settings settings);
    Result<api::Listener> open_socket();
    Result<api::Listener> open_metrics();
    std::vector<sinks::AccountSinks> sinks_of(const config::Settings& settings) const;
    void report_sinks();
    [[nodiscard]] std::string status_line() const;
    void turn();
    void measure();

    host::ProcessLogger& log_;
    boost::asio::io_context loop_{1};
    host::SystemClock clock_;
    async::Offload disk_;   // the state directory's work, which must not wait for anything else
    async::Offload slow_;   // name services, secrets' commands, TLS files, token files
    async::Offload hooks_;  // sinks' commands: with hundreds that hang, logins go on
    host::ServiceManager manager_;

    config::Origin origin_;
    config::Settings settings_;
    state::StateDirectory directory_;
    state::StateKeys fingerprint_keys_;
    metrics::Registry metrics_;
    upstream::HttpClient client_;
    upstream::Runner runner_;
    state::TokenFiles tokens_;
    state::LedgerFile ledger_file_;
    broker::DurableLedger ledger_;
    broker::Broker broker_;
    sinks::SinkSet sinks_;
    std::unique_ptr<api::Server> server_;
    async::Nursery tasks_;
    async::Event stop_;
    bool stopping_ = false;
    bool reloading_ = false;
    async::Event reloaded_;
    std::string last_reload_;  // empty: it went well
    int exit_code_ = 0;
    std::chrono::steady_clock::time_point measured_;  // measure()
    double cpu_used_ = 0;                             // until then
};

}  // namespace tokenbroker::daemon
