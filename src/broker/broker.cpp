#include "broker/broker.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace tokenbroker::broker {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds between_housekeeping = std::chrono::minutes(10);
constexpr unsigned rounds_between_orphans = 36;  // every 6 hours
constexpr Milliseconds first_mending = std::chrono::seconds(1);
constexpr Milliseconds longest_mending = std::chrono::seconds(30);
// Accounts that start together wait so long for each other's secrets, which may lie on a slow disk.
constexpr Milliseconds patience_with_secrets = std::chrono::seconds(1);

bool same_account(const state::Binding& left, const state::Binding& right) {
    return left.account == right.account && left.recipe == right.recipe &&
           left.origin == right.origin && left.identity == right.identity;
}

}  // namespace

Broker::Broker(Services services)
    : services_(std::move(services)), tasks_(services_.executor, async::end_the_loop) {
    services_.ledger_moved = [this] { wake_moved(); };
    services_.metrics.before_render([this] {
        for (const auto& [name, account] : accounts_)
            account->update_metrics();
    });
}

Broker::~Broker() = default;

asio::awaitable<Result<void>> Broker::start(Settings settings) {
    set_budgets(settings);
    const Moment now = services_.clock.now();
    auto opened = co_await services_.ledger.open(now);
    if (!opened) co_return opened.error().during("opening the login ledger");
    if (services_.ledger.behind()) ++services_.metrics.process().ledger_failures;
    admins_ = settings.admins;
    for (auto& [name, account] : settings.accounts)
        add(std::move(account));
    for (const auto& account : running()) {
        while (!account->loaded())
            co_await account->changed_at_all();
    }
    loaded_ = true;
    co_await report_orphans();
    tasks_.spawn("housekeeping", housekeeping());
    tasks_.spawn("ledger", mend_ledger());
    co_return Result<void>();
}

void Broker::begin() {
    tasks_.spawn("first logins", let_go(running()));
}

// All of them stand in their realms' queues before the first one goes.
asio::awaitable<void> Broker::let_go(std::vector<AccountPointer> held) {
    const BootTime deadline = services_.clock.now().boot + patience_with_secrets;
    for (const AccountPointer& account : held)
        co_await account->prepared(deadline);
    for (const AccountPointer& account : held)
        account->line_up();
    for (const AccountPointer& account : held)
        account->let_go();
}

void Broker::set_budgets(const Settings& settings) {
    core::Ledger& ledger = services_.ledger.model();
    ledger.forget_realms();
    for (const auto& [realm, budget] : settings.realms)
        ledger.set_realm(realm, budget);
    for (const auto& [name, account] : settings.accounts) {
        ledger.set_account(name.text(), account.policy.realm, account.policy.budget);
    }
}

Broker::AccountPointer Broker::add(AccountSettings settings) {
    const std::string name = settings.name.text();
    auto account = std::make_shared<Account>(services_, std::move(settings));
    if (const auto left = left_generations_.find(name); left != left_generations_.end())
        account->generation_seen(left->second);
    account->start();
    accounts_.emplace(name, account);
    return account;
}

asio::awaitable<void> Broker::apply(Settings settings) {
    ++access_revision_;
    admins_ = settings.admins;
    set_budgets(settings);
    std::vector<AccountPointer> leaving;
    for (auto place = accounts_.begin(); place != accounts_.end();) {
        const auto wanted = settings.accounts.find(place->second->name());
        const bool stays = wanted != settings.accounts.end() &&
                           same_account(wanted->second.binding, place->second->settings().binding);
        if (stays) {
            place->second->configure(std::move(wanted->second));
            settings.accounts.erase(wanted);
            ++place;
            continue;
        }
        // Serves nothing from here on: its identity is gone, whatever its name.
        place->second->remove();
        left_generations_[place->first] = place->second->last_generation();
        if (wanted == settings.accounts.end())
            services_.ledger.model().remove_account(place->first);
        leaving.push_back(std::move(place->second));
        place = accounts_.erase(place);
    }
    for (const AccountPointer& account : leaving)
        co_await drop(account);
    std::vector<AccountPointer> coming;
    for (auto& [name, account] : settings.accounts)
        coming.push_back(add(std::move(account)));
    for (const AccountPointer& account : coming) {
        while (!account->loaded())
            co_await account->changed_at_all();
    }
    tasks_.spawn("first logins", let_go(std::move(coming)));
}

asio::awaitable<void> Broker::drop(AccountPointer account) {
    co_await account->stop();
    auto removed = co_await services_.tokens.remove(account->name());
    if (!removed) {
        services_.log.error(
            "token_file_not_removed", "the sealed token of a removed account is still on disk",
            {{"account", account->name().text()}, {"cause", removed.error().message()}});
    }
}

asio::awaitable<void> Broker::quiet(AccountPointer account) {
    co_await account->quiet();
}

asio::awaitable<void> Broker::stop(Milliseconds patience) {
    tasks_.cancel();
    co_await tasks_.join();
    async::Nursery endings(services_.executor);
    for (const auto& account : running()) {
        account->begin_stop();
        endings.spawn("quiet " + account->name().text(), quiet(account));
    }
    const BootTime deadline = services_.clock.now().boot + patience;
    co_await endings.join_until(services_.clock, deadline);
    endings.cancel();
    co_await endings.join();
    for (const auto& account : running())
        co_await account->stop();
    accounts_.clear();
}

asio::awaitable<void> Broker::housekeeping() {
    for (unsigned round = 1;; ++round) {
        co_await async::sleep_until(services_.clock,
                                    services_.clock.now().boot + between_housekeeping);
        const Moment now = services_.clock.now();
        co_await services_.ledger.compact_if_due(now);
        if (round % rounds_between_orphans == 0) co_await report_orphans();
    }
}

asio::awaitable<void> Broker::report_orphans() {
    std::set<AccountName> configured;
    for (const auto& [name, account] : accounts_)
        configured.insert(account->name());
    const WallTime now = services_.clock.now().wall;
    auto orphans = co_await services_.tokens.orphans(std::move(configured), now);
    if (!orphans) {
        services_.log.warn("state_directory_unreadable", "the state directory can't be listed",
                           {{"cause", orphans.error().message()}});
        co_return;
    }
    for (const state::Orphan& orphan : *orphans) {
        services_.log.info(
            "token_without_account",
            "a sealed token belongs to no configured account; it is kept until it expires",
            {{"account", orphan.account},
             {"expires_at", orphan.expires_at ? format_rfc3339(*orphan.expires_at) : "never"}});
    }
}

void Broker::clock_stepped() {
    const Moment now = services_.clock.now();
    services_.log.info("clock_stepped",
                       "the clock was set or the machine slept: every account is looked at again",
                       {{"now", format_rfc3339(now.wall)}});
    tasks_.spawn("clock record", write_clock_record());
    for (const auto& account : running())
        account->clock_stepped();
}

asio::awaitable<void> Broker::write_clock_record() {
    core::Ledger& ledger = services_.ledger.model();
    core::ClockRecord record;
    record.at = ledger.stamp(services_.clock.now());
    ledger.apply(record);
    std::vector<core::LedgerRecord> records;
    records.emplace_back(std::move(record));
    auto written = co_await services_.ledger.append(std::move(records));
    if (!written) {
        ++services_.metrics.process().ledger_failures;
        services_.log.error("ledger_write_failed",
                            "the clock's step can't be written into the login ledger",
                            {{"cause", written.error().message()}});
    }
}

asio::awaitable<void> Broker::mend_ledger() {
    while (true) {
        co_await services_.ledger.until_behind();
        for (Milliseconds delay = first_mending; services_.ledger.behind();) {
            co_await async::sleep_until(services_.clock, services_.clock.now().boot + delay);
            const Moment now = services_.clock.now();
            auto mended = co_await services_.ledger.catch_up(now);
            if (!mended) ++services_.metrics.process().ledger_failures;
            delay = std::min(delay * 2, longest_mending);
        }
    }
}

// An outcome of one account may let another one of its realm in.
void Broker::wake_moved() {
    if (waking_) return;  // a woken account moves the ledger on by itself
    waking_ = true;
    for (const std::string& name : services_.ledger.model().take_woken()) {
        if (const auto place = accounts_.find(name); place != accounts_.end())
            place->second->poke();
    }
    waking_ = false;
}

std::vector<std::shared_ptr<Account>> Broker::running() const {
    std::vector<AccountPointer> all;
    all.reserve(accounts_.size());
    for (const auto& [name, account] : accounts_)
        all.push_back(account);
    return all;
}

AccountHandle Broker::find(std::string_view account) const {
    const auto place = accounts_.find(account);
    return place == accounts_.end() ? nullptr : place->second;
}

std::vector<AccountHandle> Broker::accounts() const {
    std::vector<AccountHandle> all;
    all.reserve(accounts_.size());
    for (const auto& [name, account] : accounts_)
        all.push_back(account);
    return all;
}

}  // namespace tokenbroker::broker
