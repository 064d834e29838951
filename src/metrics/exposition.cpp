#include "metrics/exposition.hpp"

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <functional>
#include <utility>

namespace tokenbroker::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

double seconds(std::chrono::nanoseconds duration) {
    return std::chrono::duration<double>(duration).count();
}
double seconds(WallTime time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

class Families {
public:
    void begin(MetricType type, const char* name, const char* help) {
        MetricFamily family;
        family.name = name;
        family.help = help;
        family.type = type;
        all_.push_back(std::move(family));
    }
    void add(double value, Labels labels = {}) {
        ClientMetric metric;
        metric.label = std::move(labels);
        if (all_.back().type == MetricType::Counter) {
            metric.counter.value = value;
        } else {
            metric.gauge.value = value;
        }
        all_.back().metric.push_back(std::move(metric));
    }
    void add(const Histogram& histogram) {
        ClientMetric metric;
        std::uint64_t count = 0;
        for (std::size_t i = 0; i < Histogram::bounds.size(); ++i) {
            count += histogram.counts().at(i);
            metric.histogram.bucket.push_back({count, seconds(Histogram::bounds.at(i))});
        }
        metric.histogram.sample_count = count + histogram.counts().back();
        metric.histogram.sample_sum = seconds(histogram.sum());
        all_.back().metric.push_back(std::move(metric));
    }
    void counter(const char* name, const char* help, std::uint64_t value) {
        begin(MetricType::Counter, name, help);
        add(static_cast<double>(value));
    }
    void gauge(const char* name, const char* help, double value) {
        begin(MetricType::Gauge, name, help);
        add(value);
    }

    [[nodiscard]] std::string text() {
        // A family without series is left out.
        std::erase_if(all_, [](const MetricFamily& family) { return family.metric.empty(); });
        return prometheus::TextSerializer().Serialize(all_);
    }

private:
    std::vector<MetricFamily> all_;
};

void add_process(Families& families, const BuildInfo& build, const ProcessSeries& process) {
    families.begin(MetricType::Gauge, "tokenbroker_build_info", "What runs; always 1.");
    families.add(1, {{"version", build.version}, {"commit", build.commit}, {"build", build.build}});
    families.gauge("tokenbroker_connections", "Open connections.",
                   static_cast<double>(process.connections));
    families.gauge("tokenbroker_connections_behind",
                   "Open connections that are served after the others: of users who ask for much, "
                   "or have many.",
                   static_cast<double>(process.connections_behind));
    families.counter("tokenbroker_connections_accepted_total", "Connections taken.",
                     process.connections_accepted);
    families.counter("tokenbroker_connections_refused_total",
                     "Connections turned away because a limit was reached.",
                     process.connections_refused);
    families.counter("tokenbroker_accept_failures_total",
                     "Times that no connection could be taken for want of descriptors or memory.",
                     process.accept_failures);
    families.gauge("tokenbroker_event_streams", "Open event streams.",
                   static_cast<double>(process.streams));
    families.gauge("tokenbroker_waiting_calls", "Calls that wait for a token now.",
                   static_cast<double>(process.waiting_calls));
    families.begin(MetricType::Histogram, "tokenbroker_request_duration_seconds",
                   "From reading a request to handing its answer to the kernel, waiting included.");
    families.add(process.request_duration);
    families.gauge("tokenbroker_loop_longest_turn_seconds",
                   "CPU time of the longest turn of the event loop since the last look.",
                   process.loop_longest_turn_seconds);
    families.counter("tokenbroker_log_lines_lost_total",
                     "Log lines dropped because nobody took them.", process.log_lines_lost);
    families.begin(MetricType::Gauge, "tokenbroker_secret_memory_bytes",
                   "Memory that secrets take: in the arena, or beside it where that is full.");
    families.add(static_cast<double>(process.secret_bytes_in_arena), {{"place", "arena"}});
    families.add(static_cast<double>(process.secret_bytes_on_heap), {{"place", "heap"}});
    families.counter("tokenbroker_ledger_failures_total",
                     "Times that the login ledger could not be written: no login until it can.",
                     process.ledger_failures);
    families.counter("tokenbroker_reloads_total", "Times that a configuration was taken over.",
                     process.reloads);
    families.counter("tokenbroker_reloads_refused_total",
                     "Times that a changed configuration had mistakes.", process.reloads_refused);
}

void add_stats(Families& families, WallTime started, const ProcessStats& stats) {
    const auto gauge = [&families](const char* name, const char* help, double value) {
        if (value >= 0) families.gauge(name, help, value);
    };
    families.begin(MetricType::Counter, "process_cpu_seconds_total",
                   "Processor time of this process.");
    families.add(stats.cpu_seconds);
    gauge("process_resident_memory_bytes", "Resident memory.", stats.resident_bytes);
    gauge("process_virtual_memory_bytes", "Virtual memory.", stats.virtual_bytes);
    gauge("process_open_fds", "Open file descriptors.", stats.open_descriptors);
    gauge("process_max_fds", "File descriptors that this process may have.",
          stats.most_descriptors);
    gauge("process_start_time_seconds", "When this process started.", seconds(started));
}

using Value = std::function<std::optional<double>(const AccountSeries&)>;

void add_each(Families& families, const std::vector<AccountHandle>& accounts, MetricType type,
              const char* name, const char* help, const Value& value) {
    families.begin(type, name, help);
    for (const AccountHandle& account : accounts) {
        if (const auto number = value(*account))
            families.add(*number, {{"account", account->name.text()}});
    }
}

std::optional<double> instant(const std::optional<WallTime>& time) {
    return time ? std::optional<double>(seconds(*time)) : std::nullopt;
}

void add_gauges(Families& families, const std::vector<AccountHandle>& accounts) {
    const auto gauge = [&](const char* name, const char* help, const Value& value) {
        add_each(families, accounts, MetricType::Gauge, name, help, value);
    };
    gauge("tokenbroker_token_expiry_timestamp_seconds",
          "When the token expires; no series where there is none.",
          [](const AccountSeries& account) { return instant(account.token_expiry); });
    gauge("tokenbroker_token_valid", "1 while there is a token that can be served.",
          [](const AccountSeries& account) { return account.token_valid ? 1.0 : 0.0; });
    gauge("tokenbroker_next_attempt_timestamp_seconds",
          "When the next login or refresh is planned.",
          [](const AccountSeries& account) { return instant(account.next_attempt); });
    gauge("tokenbroker_throttled_until_timestamp_seconds",
          "Until when a throttle or a spent budget forbids a login.",
          [](const AccountSeries& account) { return instant(account.throttled_until); });
    gauge("tokenbroker_login_budget_remaining", "Logins that the budget still allows now.",
          [](const AccountSeries& account) { return account.login_budget_remaining; });
    gauge("tokenbroker_login_suspended",
          "1 while no login is made until somebody mends what is wrong.",
          [](const AccountSeries& account) { return account.suspended ? 1.0 : 0.0; });
    gauge("tokenbroker_login_on_demand",
          "1 for an account that logs in when it is asked for, and else has no token.",
          [](const AccountSeries& account) { return account.on_demand ? 1.0 : 0.0; });
    families.begin(MetricType::Gauge, "tokenbroker_login_last_error",
                   "1 for what is wrong with an account, in the words of its status.");
    for (const AccountHandle& account : accounts) {
        if (!account->last_error) continue;
        const auto kind = login_outcome_names.at(static_cast<std::size_t>(*account->last_error));
        families.add(1, {{"account", account->name.text()}, {"kind", std::string(kind)}});
    }
    gauge("tokenbroker_sinks_failing", "Token files that can't be written now.",
          [](const AccountSeries& account) { return static_cast<double>(account.sink_failures); });
}

void add_counters(Families& families, const std::vector<AccountHandle>& accounts) {
    const auto counter = [&](const char* name, const char* help,
                             std::uint64_t AccountSeries::*value) {
        add_each(
            families, accounts, MetricType::Counter, name, help,
            [value](const AccountSeries& account) { return static_cast<double>(account.*value); });
    };
    counter("tokenbroker_single_flight_followers_total",
            "Calls that shared a login which another had caused.",
            &AccountSeries::single_flight_followers);
    counter("tokenbroker_rejections_total",
            "Times that a client said that the upstream refused the token.",
            &AccountSeries::rejections);
    counter("tokenbroker_early_deaths_total", "Tokens refused long before their expiry.",
            &AccountSeries::early_deaths);
    counter("tokenbroker_seal_failures_total", "Times that a token could not be written to disk.",
            &AccountSeries::seal_failures);

    families.begin(MetricType::Counter, "tokenbroker_login_attempts_total",
                   "Logins sent, by what became of them.");
    for (const AccountHandle& account : accounts) {
        for (std::size_t i = 0; i < login_outcome_names.size(); ++i) {
            families.add(static_cast<double>(account->login_attempts.at(i)),
                         {{"account", account->name.text()},
                          {"outcome", std::string(login_outcome_names.at(i))}});
        }
    }
    families.begin(MetricType::Counter, "tokenbroker_token_requests_total",
                   "Requests for a token, by HTTP status.");
    for (const AccountHandle& account : accounts) {
        for (const auto& [status, count] : account->token_requests.all()) {
            families.add(static_cast<double>(count),
                         {{"account", account->name.text()}, {"code", std::to_string(status)}});
        }
    }
    families.begin(MetricType::Counter, "tokenbroker_handouts_total",
                   "Tokens handed out, by the peer's user.");
    for (const AccountHandle& account : accounts) {
        for (const auto& [uid, count] : account->handouts.all()) {
            families.add(static_cast<double>(count),
                         {{"account", account->name.text()}, {"uid", std::to_string(uid)}});
        }
        if (account->handouts.other() > 0) {
            families.add(static_cast<double>(account->handouts.other()),
                         {{"account", account->name.text()}, {"uid", "other"}});
        }
    }
}

}  // namespace

std::string expose(const BuildInfo& build, WallTime started, const ProcessStats& stats,
                   const ProcessSeries& process, const std::vector<AccountHandle>& accounts) {
    Families families;
    add_process(families, build, process);
    add_stats(families, started, stats);
    add_gauges(families, accounts);
    add_counters(families, accounts);
    return families.text();
}

}  // namespace tokenbroker::metrics
