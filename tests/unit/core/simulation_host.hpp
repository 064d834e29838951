#pragma once

#include "core/account_machine.hpp"
#include "core/ledger.hpp"
#include "simulation_upstream.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

namespace tokenbroker::core::simulation {

struct AccountPlan {
    AccountSettings settings;
    std::size_t realm = 0;
    bool stated =
        false;  // the upstream says when the token expires; else the lifetime was asked for
};

struct HostCounts {
    std::uint64_t polls = 0;
    std::uint64_t served = 0;
    std::uint64_t served_expired =
        0;  // by the true time, or by the expires_at that the client was told
    std::uint64_t served_dead = 0;  // ended by somebody else: the client reports it
    std::uint64_t without_token = 0;
    std::uint64_t first_tokens = 0;
    std::uint64_t refreshes_due = 0;   // tokens that reached the refresh time drawn for them
    std::uint64_t ended_by_clock = 0;  // tokens whose time was over by a wall clock set wrongly
    std::uint64_t died_before = 0;  // tokens that were replaced before, as somebody had ended them
    std::uint64_t tokens_lost = 0;  // in a crash before they were sealed
    std::uint64_t logins_cut = 0;   // in flight in a crash
    std::uint64_t spins = 0;        // next() asked again and again without time passing
    std::uint64_t sleeps_in_the_past = 0;
    std::uint64_t suspensions = 0;
    std::uint64_t sent_while_suspended = 0;

    // What the policy needs, whatever logins there were.
    [[nodiscard]] std::uint64_t needed() const {
        return first_tokens + refreshes_due + ended_by_clock + died_before;
    }
};

// A host that runs the real core as the broker's shell does: machines, ledger, sealed tokens,
// clocks, crashes. What is durable is the records in the order of their writing, and the sealed
// times of each token.
class Host {
public:
    Host(Random& random, Upstream& upstream, std::vector<AccountPlan> accounts,
         std::vector<Budget> realm_budgets);

    void start(Time now);
    void crash(Time now, bool reboot);  // start() again brings it back
    void run_until(Time end);

    void set_wall_clock(Time now, Milliseconds offset);
    void suspend(Time now, Milliseconds span);  // time passes, nothing runs
    void change_secret(std::size_t account, Time now);
    void fail_ledger(bool fails) { ledger_fails_ = fails; }

    [[nodiscard]] bool wall_is_right() const noexcept { return offset_ == Milliseconds::zero(); }
    [[nodiscard]] const HostCounts& counts() const noexcept { return counts_; }
    [[nodiscard]] std::size_t valid_tokens(Time now) const;
    [[nodiscard]] std::size_t records() const noexcept { return log_.size(); }

private:
    enum class Kind { wake, arrival, answer, probed, sealed, poll, call_ends, refresh_due };
    struct Event {
        Time at;
        std::uint64_t order;
        Kind kind;
        std::size_t account;
        std::uint64_t ticket;  // life of the process, or of a wake
        std::uint64_t value = 0;
    };
    struct Later {
        bool operator()(const Event& left, const Event& right) const {
            return left.at != right.at ? left.at > right.at : left.order > right.order;
        }
    };
    struct Login {
        Time sent;
        Time started;
        Time answered_at;
        unsigned password;
        Attempt attempt;
        Answer answer;
    };
    struct Account {
        AccountPlan plan;
        std::unique_ptr<AccountMachine> machine;
        std::optional<Login> login;
        std::uint64_t wake = 0;
        std::uint64_t serves = 0;  // token id
        bool told_rightly = true;  // the wall clock was right when its expiry was worked out
        std::optional<TokenTimes> sealed;
        std::uint64_t sealed_token = 0;
        bool sealed_rightly = true;
        std::optional<TokenTimes> to_seal;
        std::uint64_t newest = 0;  // token id, of the last one that was published
        bool newest_is_due = false;
        unsigned password = 0;
        unsigned calls = 0;
    };

    [[nodiscard]] Moment moment(Time now) const;
    [[nodiscard]] Time at(BootTime boot) const;
    void schedule(Time at, Kind kind, std::size_t account, std::uint64_t ticket,
                  std::uint64_t value = 0);
    void handle(const Event& event);
    void step(std::size_t index, Time now);
    void step_woken(Time now);
    void begin(std::size_t index, const Attempt& attempt, Time now);
    void arrive(std::size_t index, Time now);
    void answered(std::size_t index, Time now);
    void probed(std::size_t index, Time now);
    void poll(std::size_t index, Time now);
    void drain(std::size_t index, std::uint64_t new_token, Time now);
    void note_need(std::size_t index, std::uint64_t new_token, Time now);
    void note_clock(std::size_t index, Time now);
    [[nodiscard]] std::string fingerprint(std::size_t index) const;

    Random& random_;
    Upstream& upstream_;
    std::vector<Account> accounts_;
    std::vector<Budget> realm_budgets_;
    std::vector<LedgerRecord> log_;  // durable
    std::optional<Ledger> ledger_;
    std::priority_queue<Event, std::vector<Event>, Later> events_;
    std::uint64_t order_ = 0;
    std::uint64_t life_ = 0;  // of the process
    bool running_ = false;
    bool ledger_fails_ = false;
    Milliseconds offset_{};  // of the wall clock from the truth
    Time boot_began_{};
    unsigned boots_ = 1;
    Time asleep_until_{};
    HostCounts counts_;
};

}  // namespace tokenbroker::core::simulation
