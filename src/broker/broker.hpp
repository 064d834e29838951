#pragma once

#include "async/event.hpp"
#include "async/nursery.hpp"
#include "broker/account.hpp"
#include "broker/face.hpp"
#include "broker/services.hpp"
#include "broker/settings.hpp"

#include <boost/asio/awaitable.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tokenbroker::broker {

// The running accounts. The room's door: the daemon makes one, hands it settings, and stops it.
class Broker final : public BrokerFace {
public:
    // `services.ledger_moved` is the broker's to set.
    explicit Broker(Services services);
    ~Broker() override;
    Broker(const Broker&) = delete;
    Broker& operator=(const Broker&) = delete;

    // Opens the ledger and starts the accounts. Returns once every account has looked for its
    // sealed token; none asks its upstream for anything before begin(). An error is one that the
    // daemon can't run with.
    boost::asio::awaitable<Result<void>> start(Settings settings);
    // The API serves: accounts log in, in the order of their need.
    void begin();
    // Makes the running accounts those of `settings`. Accounts that did not change keep token,
    // timers, streams.
    boost::asio::awaitable<void> apply(Settings settings);
    // In stages: waiting calls end and nothing new begins; what runs may end for `patience`; then
    // all is cancelled and joined. Sealed tokens stay.
    boost::asio::awaitable<void> stop(Milliseconds patience);

    // The wall clock was set, or the machine woke up.
    void clock_stepped();

    [[nodiscard]] std::vector<std::shared_ptr<Account>> running() const;

    // -- BrokerFace
    [[nodiscard]] AccountHandle find(std::string_view account) const override;
    [[nodiscard]] std::vector<AccountHandle> accounts() const override;
    [[nodiscard]] const core::AllowList& admins() const override { return admins_; }
    [[nodiscard]] std::uint64_t access_revision() const override { return access_revision_; }
    [[nodiscard]] bool loaded() const override { return loaded_; }

private:
    using AccountPointer = std::shared_ptr<Account>;

    void set_budgets(const Settings& settings);
    AccountPointer add(AccountSettings settings);
    boost::asio::awaitable<void> let_go(std::vector<AccountPointer> held);
    boost::asio::awaitable<void> drop(AccountPointer account);
    boost::asio::awaitable<void> quiet(AccountPointer account);
    boost::asio::awaitable<void> housekeeping();
    boost::asio::awaitable<void> write_clock_record();
    boost::asio::awaitable<void> mend_ledger();
    boost::asio::awaitable<void> report_orphans();
    void wake_moved();

    Services services_;
    core::AllowList admins_;
    std::map<std::string, AccountPointer, std::less<>> accounts_;
    std::map<std::string, std::uint64_t> left_generations_;  // by name, of accounts that left
    async::Nursery tasks_;
    std::uint64_t access_revision_ = 1;
    bool loaded_ = false;
    bool waking_ = false;
};

}  // namespace tokenbroker::broker
