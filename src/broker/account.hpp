#pragma once

#include "async/event.hpp"
#include "async/nursery.hpp"
#include "broker/face.hpp"
#include "broker/secret_inputs.hpp"
#include "broker/services.hpp"
#include "broker/settings.hpp"
#include "broker/token_keeper.hpp"
#include "core/account_machine.hpp"

#include <boost/asio/awaitable.hpp>

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace tokenbroker::broker {

// One running account: the shell around core::AccountMachine. Its one coroutine does what the
// machine decides; calls, reloads and clock steps are events handed to the machine, which nobody
// else second-guesses.
class Account final : public AccountFace {
public:
    Account(const Services& services, AccountSettings settings);
    ~Account() override;
    Account(const Account&) = delete;
    Account& operator=(const Account&) = delete;

    // -- its life, steered by Broker
    void start();
    [[nodiscard]] bool loaded() const noexcept { return loaded_; }
    // Until its secrets were looked at too, or boot time reaches `deadline`.
    boost::asio::awaitable<void> prepared(BootTime deadline);
    // Takes its place among the realm's accounts that begin with it; then let_go() each of them.
    void line_up();
    // It attempts nothing before this.
    void let_go();
    boost::asio::awaitable<void> changed_at_all();  // until anything is worth another look
    // The same account under other settings.
    void configure(AccountSettings settings);
    // No new attempt, and waiting calls end; one that runs goes on.
    void begin_stop();
    // After begin_stop(): until no attempt runs and what it gave is sealed.
    boost::asio::awaitable<void> quiet();
    // Ends its tasks, whatever they wait for.
    boost::asio::awaitable<void> stop();
    // It left the configuration: serves nothing from this call on. stop() follows.
    void remove();
    // The wall clock was set, or the machine woke up.
    void clock_stepped();
    // Something outside may let it act sooner than it thinks.
    void poke();
    void update_metrics();
    [[nodiscard]] const AccountSettings& settings() const noexcept { return settings_; }
    // Of the tokens of its name, whosever they were: the next one's is larger.
    [[nodiscard]] std::uint64_t last_generation() const noexcept {
        return machine_.last_generation();
    }
    void generation_seen(std::uint64_t generation) noexcept {
        machine_.generation_seen(generation);
    }
    void report_sinks(std::function<std::vector<AccountStatus::Sink>()> report) {
        sinks_ = std::move(report);
    }

    // -- AccountFace
    [[nodiscard]] const AccountName& name() const override { return settings_.name; }
    [[nodiscard]] const core::AllowList& allow() const override { return settings_.allow; }
    [[nodiscard]] std::uint64_t access_revision() const override { return access_revision_; }
    [[nodiscard]] bool removed() const override { return removed_; }
    [[nodiscard]] PublishedToken current() override;
    [[nodiscard]] std::uint64_t revision() const override { return revision_; }
    boost::asio::awaitable<void> changed(std::uint64_t seen) override;
    boost::asio::awaitable<TokenReply> get(Milliseconds min_ttl, Milliseconds wait) override;
    boost::asio::awaitable<TokenReply> rejected(std::uint64_t generation,
                                                Milliseconds wait) override;
    boost::asio::awaitable<AdminReply> refresh(Milliseconds wait) override;
    boost::asio::awaitable<AdminReply> resume(bool clear_throttle, Milliseconds wait) override;
    boost::asio::awaitable<AdminReply> revoke(Milliseconds wait) override;
    [[nodiscard]] AccountStatus status() const override;
    [[nodiscard]] std::uint64_t status_revision() const override { return status_revision_; }

private:
    class WaitingCall;
    struct Held {
        recipe::Token token;
        Secret kept;
    };

    // account.cpp: the loop
    boost::asio::awaitable<void> run();
    boost::asio::awaitable<void> load();
    boost::asio::awaitable<void> flush_records();
    boost::asio::awaitable<void> sleep(core::Sleep sleep);
    boost::asio::awaitable<void> watch_secrets();
    boost::asio::awaitable<void> check_secrets();  // after ++checks_
    boost::asio::awaitable<void> look_at_secrets();
    [[nodiscard]] bool secrets_matter() const;
    [[nodiscard]] bool hope_until(BootTime deadline, Moment now) const;

    // account_attempt.cpp: one attempt, from the ledger to the outcome
    boost::asio::awaitable<void> attempt(core::Attempt attempt);
    boost::asio::awaitable<core::Outcome> carry_out(core::Attempt attempt, std::string id);
    boost::asio::awaitable<core::Outcome> run_steps(core::AttemptKind kind, bool skip_failed_step,
                                                    std::string id);
    boost::asio::awaitable<core::Outcome> run_probe(std::string id);
    boost::asio::awaitable<Result<recipe::Values>> values_for(core::AttemptKind kind);
    core::Outcome outcome_of(upstream::Run& run);
    [[nodiscard]] upstream::Target target() const;

    // account_effects.cpp: what the machine wants done
    void settle();
    boost::asio::awaitable<void>
    settle_durably();  // where `keep:` values come, those are sealed first
    void carry_out_effects();
    static state::SealedToken sealed_form(const recipe::Token& token, const Secret& kept,
                                          const core::TokenTimes& times);
    void publish(const core::Effects& effects);
    void withdraw();
    void announce() {
        ++status_revision_;
        changed_.notify_all();
    }
    void write_notices(const std::vector<core::Notice>& notices);

    // account_calls.cpp: what calls get
    [[nodiscard]] std::optional<NoToken> over() const;
    [[nodiscard]] NoToken unavailable() const;
    boost::asio::awaitable<AdminReply> admin(core::Admission admission, Milliseconds wait);

    // account_status.cpp: what it shows of itself
    [[nodiscard]] std::optional<core::LoginError> last_error(const core::AccountView& view) const;
    void count(const core::Attempt& todo, const core::Outcome& outcome);

    Services services_;
    AccountSettings settings_;
    core::AccountMachine machine_;
    metrics::AccountHandle series_;
    SecretInputs secrets_;
    TokenKeeper keeper_;
    async::Nursery tasks_;

    PublishedToken current_;
    recipe::Token token_;  // behind current_: value and header, for probes and rendering anew
    Secret kept_;          // what `keep:` named
    std::deque<core::Effects> effects_;  // in order; waiting while `keep:` values are sealed
    std::optional<Held> fresh_;          // of the outcome being handed to the machine
    std::optional<upstream::Progress> progress_;  // a good login's result, until its steps are done
    std::vector<core::LedgerRecord> records_;     // decided, and not yet durable
    std::string fingerprint_;                     // of the secrets last read
    unsigned checks_ = 1;  // of the secrets, due or under way: the first one comes at start
    std::function<std::vector<AccountStatus::Sink>()> sinks_;

    async::Event changed_;  // of anything that a waiting call or a stream may look at
    async::Event wake_;     // of the loop
    bool poked_ = false;
    bool loaded_ = false;
    bool prepared_ = false;
    bool let_go_ = false;
    bool attempting_ = false;
    bool sealing_ = false;
    bool stopping_ = false;
    bool removed_ = false;
    std::uint64_t revision_ = 1;
    std::uint64_t access_revision_ = 1;
    std::uint64_t status_revision_ = 1;
    std::string attempt_id_;
};

}  // namespace tokenbroker::broker
