#include "broker/account.hpp"

#include <utility>

namespace tokenbroker::broker {

namespace asio = boost::asio;

Account::Account(const Services& services, AccountSettings settings)
    : services_(services),
      settings_(std::move(settings)),
      machine_(settings_.policy, services_.ledger.model(), services_.clock.now()),
      series_(services_.metrics.account(settings_.name)),
      secrets_(services_, settings_.name.text(), settings_.secrets),
      keeper_(services_, settings_.binding, series_),
      tasks_(services_.executor, async::end_the_loop) {}

Account::~Account() = default;

void Account::start() {
    keeper_.start();
    tasks_.spawn("account " + settings_.name.text(), run());
}

asio::awaitable<void> Account::run() {
    co_await load();
    co_await check_secrets();
    prepared_ = true;
    announce();
    tasks_.spawn("secrets of " + settings_.name.text(), watch_secrets());
    while (!let_go_)
        co_await wake_.wait();
    while (true) {
        poked_ = false;
        core::Step step = machine_.next(services_.clock.now(), services_.ledger.model());
        ++status_revision_;
        settle();
        co_await flush_records();
        if (auto* wait = std::get_if<core::Sleep>(&step)) {
            co_await sleep(*wait);
            continue;
        }
        attempting_ = true;
        core::Attempt todo = std::get<core::Attempt>(std::move(step));
        co_await attempt(std::move(todo));
        attempting_ = false;
        announce();
    }
}

asio::awaitable<void> Account::prepared(BootTime deadline) {
    while (!prepared_) {
        const bool notified = co_await changed_.wait_until(services_.clock, deadline);
        if (!notified) break;
    }
}

void Account::line_up() {
    if (prepared_ && !removed_) machine_.line_up(services_.clock.now(), services_.ledger.model());
}

void Account::let_go() {
    let_go_ = true;
    poke();
}

asio::awaitable<void> Account::sleep(core::Sleep sleep) {
    const BootTime until = sleep.until.value_or(BootTime::max());
    // Stopping: what runs may end, nothing new begins.
    while (stopping_)
        co_await wake_.wait();
    while (!poked_) {
        const bool notified = co_await wake_.wait_until(services_.clock, until);
        if (!notified) break;
    }
}

void Account::poke() {
    poked_ = true;
    ++status_revision_;
    wake_.notify_all();
}

asio::awaitable<void> Account::load() {
    auto loaded = co_await keeper_.load();
    if (!loaded) {
        services_.log.error(
            "token_file_unreadable",
            "the sealed token can't be read: the account starts without one, and logs in",
            {{"account", settings_.name.text()}, {"cause", loaded.error().message()}});
    } else {
        if (loaded->set_aside) {
            services_.log.error(
                "token_file_set_aside",
                "the sealed token can't be used and was set aside; that costs one login",
                {{"account", settings_.name.text()},
                 {"cause", loaded->set_aside->message},
                 {"path", loaded->set_aside->path}});
            machine_.generation_seen(loaded->set_aside->generation);
        }
        if (loaded->sealed_anew) {
            services_.log.info("token_sealed_anew",
                               "the token was under the previous key, and is under the new one now",
                               {{"account", settings_.name.text()}});
        }
        if (loaded->token) {
            state::SealedToken& sealed = *loaded->token;
            token_.value = std::move(sealed.value);
            token_.header_name = std::move(sealed.header_name);
            token_.header_value = std::move(sealed.header_value);
            kept_ = std::move(sealed.kept);
            machine_.token_loaded(std::move(sealed.times), !kept_.empty(), services_.clock.now());
        }
    }
    settle();
    loaded_ = true;
    announce();
}

asio::awaitable<void> Account::flush_records() {
    while (!records_.empty()) {
        std::vector<core::LedgerRecord> records = std::exchange(records_, {});
        auto written = co_await services_.ledger.append(std::move(records));
        if (!written) {
            ++services_.metrics.process().ledger_failures;
            services_.log.error(
                "ledger_write_failed",
                "the login ledger can't be written: what became of a login is in memory alone; "
                "no login is made until it can",
                {{"account", settings_.name.text()}, {"cause", written.error().message()}});
        }
    }
}

// While nothing is wrong, secrets are read for each login and not watched: a thousand accounts must
// not cost a thousand looks a second.
bool Account::secrets_matter() const {
    const core::AccountView view = machine_.view(services_.clock.now(), services_.ledger.model());
    return view.login == core::LoginState::suspended;
}

asio::awaitable<void> Account::watch_secrets() {
    while (true) {
        while (!secrets_matter())
            co_await changed_.wait();
        co_await secrets_.may_have_changed();
        if (!secrets_matter()) continue;
        ++checks_;
        co_await check_secrets();
    }
}

asio::awaitable<void> Account::check_secrets() {
    // A command is for logins: at start it runs only where what it says may lift a suspension.
    if (!secrets_.has_command() || secrets_matter()) co_await look_at_secrets();
    --checks_;
    poke();
    announce();
}

asio::awaitable<void> Account::look_at_secrets() {
    std::string salt = settings_.fingerprint;
    auto read = co_await secrets_.read(std::move(salt));
    const Moment now = services_.clock.now();
    if (read) {
        fingerprint_ = read->fingerprint;
        if (!read->previous_fingerprint.empty()) {
            machine_.fingerprint_rekeyed(read->previous_fingerprint, fingerprint_, now,
                                         services_.ledger.model());
        }
        machine_.secrets_readable(fingerprint_, now, services_.ledger.model());
    } else {
        machine_.secrets_unreadable(read.error().message(), now);
    }
    settle();
}

void Account::configure(AccountSettings settings) {
    settings_ = std::move(settings);
    ++access_revision_;
    secrets_.replace(settings_.secrets);
    machine_.configured(settings_.policy, services_.clock.now(), services_.ledger.model());
    settle();
    ++checks_;
    tasks_.spawn("secrets of " + settings_.name.text() + " anew", check_secrets());
    poke();
}

void Account::begin_stop() {
    stopping_ = true;
    poke();
    changed_.notify_all();
}

asio::awaitable<void> Account::quiet() {
    while (attempting_)
        co_await changed_.wait();
    co_await flush_records();
    co_await keeper_.quiet();
}

asio::awaitable<void> Account::stop() {
    tasks_.cancel();
    co_await tasks_.join();
    co_await secrets_.stop();
    co_await keeper_.stop();
}

void Account::remove() {
    removed_ = true;
    ++access_revision_;
    machine_.removed(services_.clock.now(), services_.ledger.model());
    withdraw();
    announce();
}

void Account::clock_stepped() {
    machine_.clock_stepped(services_.clock.now());
    settle();
    poke();
}

}  // namespace tokenbroker::broker
