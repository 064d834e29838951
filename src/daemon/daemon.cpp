#include "daemon/daemon.hpp"

#include "daemon/convert.hpp"
#include "daemon/last_exit.hpp"
#include "daemon/options.hpp"
#include "daemon/version.hpp"
#include "host/crypto.hpp"
#include "host/secret_memory.hpp"

#include <algorithm>
#include <ctime>
#include <unistd.h>
#include <utility>

namespace tokenbroker::daemon {
namespace {

namespace asio = boost::asio;

// The stop has 5 s in all (cli.md): most of it is for a login under way, whose token would be lost.
constexpr Milliseconds whole_stop = std::chrono::milliseconds(4700);
constexpr Milliseconds patience_with_attempts = std::chrono::milliseconds(2500);
// Of Asio's, before those who ask the server have their turn.
constexpr std::size_t handlers_a_turn = 16;

double cpu_seconds() {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

broker::Services services(asio::io_context& loop, async::Clock& clock, async::Offload& slow,
                          Logger& log, metrics::Registry& metrics, upstream::Runner& runner,
                          state::TokenFiles& tokens, broker::DurableLedger& ledger,
                          const state::StateKey& key,
                          const std::optional<state::StateKey>& previous) {
    std::function<std::string(const Secret&)> under_previous;
    if (previous) {
        under_previous = [&previous](const Secret& secret) {
            return state::fingerprint(*previous, secret);
        };
    }
    return {loop.get_executor(),
            clock,
            slow,
            log,
            metrics,
            runner,
            tokens,
            ledger,
            host::process_variables(),
            [&key](const Secret& secret) { return state::fingerprint(key, secret); },
            std::move(under_previous),
            [] { return host::random_fraction(); },
            nullptr};
}

}  // namespace

Daemon::Daemon(Foundations foundations, host::ProcessLogger& log)
    : log_(log),
      clock_(loop_.get_executor()),
      disk_(loop_, 2),
      slow_(loop_, 8),
      hooks_(loop_, 8),
      manager_(host::process_variables()),
      origin_(std::move(foundations.origin)),
      settings_(std::move(foundations.settings)),
      directory_(std::move(foundations.directory)),
      fingerprint_keys_(foundations.keys),
      metrics_(metrics::BuildInfo{program_version, program_commit, program_build}),
      client_(clock_, slow_, std::string("tokenbroker/") + program_version),
      runner_(client_, clock_, log_),
      tokens_(directory_.path(), std::move(foundations.keys), disk_),
      ledger_file_(directory_.path(), disk_),
      ledger_(core::Ledger(std::move(foundations.boot_id)), ledger_file_, log_),
      broker_(services(loop_, clock_, slow_, log_, metrics_, runner_, tokens_, ledger_,
                       fingerprint_keys_.current, fingerprint_keys_.previous)),
      sinks_({loop_.get_executor(), clock_, slow_, hooks_, host::FileSystem::kernel(), log_}),
      tasks_(loop_.get_executor(), async::end_the_loop) {
    metrics_.before_render([this] {
        const host::SecretMemoryUse secrets = host::secret_memory_use();
        metrics_.process().log_lines_lost = log_.lost();
        metrics_.process().secret_bytes_in_arena = secrets.in_arena;
        metrics_.process().secret_bytes_on_heap = secrets.on_heap;
    });
}

Daemon::~Daemon() = default;

int Daemon::run() {
    async::Nursery whole(loop_.get_executor(), async::end_the_loop);
    whole.spawn("daemon", live());
    cpu_used_ = cpu_seconds();
    while (!loop_.stopped())
        turn();
    return exit_code_;
}

// Once the server is there, the loop waits in it. Handlers go one by one, to see how long each
// keeps everybody else waiting.
void Daemon::turn() {
    std::size_t handlers = 0;
    while (handlers < handlers_a_turn && loop_.poll_one() > 0) {
        ++handlers;
        measure();
    }
    if (loop_.stopped()) return;
    if (server_) {
        server_->turn(handlers < handlers_a_turn);
    } else if (handlers == 0) {
        loop_.run_one();
    }
    measure();
}

// Reading the CPU clock is a system call: turns that are over within a millisecond count as one.
void Daemon::measure() {
    const auto now = std::chrono::steady_clock::now();
    if (now - measured_ < std::chrono::milliseconds(1)) return;
    measured_ = now;
    const double used = cpu_seconds();
    double& longest = metrics_.process().loop_longest_turn_seconds;
    longest = std::max(longest, used - cpu_used_);
    cpu_used_ = used;
}

asio::awaitable<void> Daemon::live() {
    auto up = co_await come_up();
    std::string last_words = "stopping";
    if (up) {
        log_.info("ready", "serving",
                  {{"accounts", settings_.accounts.size()}, {"version", program_version}});
        manager_.ready(status_line());
        broker_.begin();
        while (!stopping_)
            co_await stop_.wait();
    } else {
        log_.error("start_failed", up.error().message());
        last_words = up.error().message();
        manager_.failed(up.error().error_number(), last_words);
        exit_code_ = up.error().code() == Errc::misconfigured ? exit_configuration : exit_failed;
    }
    co_await go_down(std::move(last_words));
}

asio::awaitable<Result<void>> Daemon::come_up() {
    auto listener = open_socket();
    if (!listener) co_return listener.error();
    auto metrics_listener = open_metrics();
    if (!metrics_listener) co_return metrics_listener.error();
    const api::Surroundings around{broker_, *this, clock_, log_, metrics_};
    server_ = std::make_unique<api::Server>(loop_.get_executor(), std::move(*listener),
                                            std::move(*metrics_listener), around,
                                            api_limits(settings_.limits));
    server_->set_audit(settings_.log.audit);
    tasks_.spawn("signals", handle_signals());
    tasks_.spawn("watchdog", keep_watchdog());
    broker::Settings settings = broker_settings(settings_);
    auto started = co_await broker_.start(std::move(settings));
    if (!started) co_return started.error();
    std::vector<sinks::AccountSinks> sinks = sinks_of(settings_);
    co_await sinks_.apply(std::move(sinks));
    report_sinks();
    clock_.on_step([this] { broker_.clock_stepped(); });
    tasks_.spawn("api", serve());
    tasks_.spawn("status", keep_status());
    tasks_.spawn("names", resolve_names());
    tasks_.spawn("secret memory", watch_secret_memory());
    tasks_.spawn("resident memory", stay_small());
    if (::getpid() == 1) tasks_.spawn("orphans", reap_orphans());
    co_return Result<void>();
}

asio::awaitable<void> Daemon::serve() {
    try {
        co_await server_->run();
    } catch (const std::exception& failure) {
        if (async::is_cancellation(std::current_exception())) throw;
        log_.error("listener_failed", "the local socket broke; leaving, to be started again",
                   {{"cause", failure.what()}});
        exit_code_ = exit_failed;
        stopping_ = true;
        stop_.notify_all();
    }
}

asio::awaitable<void> Daemon::go_down(std::string status) {
    leave_at_latest_in(whole_stop, exit_code_);
    manager_.stopping(status);
    log_.info("stopping", "finishing what was asked");
    clock_.stop_watching();
    // Waiting calls end first, so that the server's last answers can be theirs.
    async::Nursery endings(loop_.get_executor());
    if (server_) endings.spawn("api stops", server_->stop());
    co_await broker_.stop(patience_with_attempts);
    co_await endings.join();
    co_await sinks_.stop();
    tasks_.cancel();
    co_await tasks_.join();
    server_.reset();
    log_.info("stopped", "every request was answered, every token is kept");
}

Result<api::Listener> Daemon::open_socket() {
    auto handed_over = host::take_listening_socket(host::process_variables());
    if (!handed_over) return handed_over.error();
    api::UnixSocket wanted;
    wanted.path = settings_.socket.path;
    wanted.mode = settings_.socket.mode;
    if (settings_.socket.group) wanted.group = settings_.socket.group->id;
    if (!*handed_over) return api::listen_unix(wanted);
    auto listener = api::Listener::handed_over((*handed_over)->release());
    if (!listener) return listener;
    const std::string difference = listener->difference(wanted.mode, wanted.group);
    if (!difference.empty()) {
        log_.warn("socket_differs",
                  "the socket that the service manager made is used, though " + difference +
                      " as configured: change SocketMode= or SocketGroup= of its unit");
    }
    return listener;
}

Result<api::Listener> Daemon::open_metrics() {
    if (!settings_.metrics) return api::Listener();
    return api::listen_tcp(settings_.metrics->address, settings_.metrics->port);
}

std::vector<sinks::AccountSinks> Daemon::sinks_of(const config::Settings& settings) const {
    std::vector<sinks::AccountSinks> all;
    for (const auto& [name, account] : settings.accounts) {
        broker::AccountHandle handle = broker_.find(name.text());
        if (handle && !account.sinks.empty()) all.push_back({handle, sink_settings(account)});
    }
    return all;
}

void Daemon::report_sinks() {
    for (const auto& account : broker_.running()) {
        account->report_sinks([this, name = account->name()] { return sinks_.status(name); });
    }
}

}  // namespace tokenbroker::daemon
