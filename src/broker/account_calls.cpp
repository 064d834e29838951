#include "broker/account.hpp"

#include <utility>

namespace tokenbroker::broker {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds while_stopping = std::chrono::seconds(1);

}  // namespace

// Tells the machine that a call waits, and that it left, however it leaves.
class Account::WaitingCall {
public:
    explicit WaitingCall(Account& account) : account_(account) {
        account_.machine_.call_waits();
        if (account_.attempting_) ++account_.series_->single_flight_followers;
        account_.poke();
    }
    WaitingCall(const WaitingCall&) = delete;
    WaitingCall& operator=(const WaitingCall&) = delete;
    ~WaitingCall() { account_.machine_.call_left(); }

private:
    Account& account_;
};

PublishedToken Account::current() {
    const Moment now = services_.clock.now();
    if (!current_ || current_->expired(now)) return nullptr;
    if (machine_.asked(now)) poke();
    return current_;
}

asio::awaitable<void> Account::changed(std::uint64_t seen) {
    while (revision_ == seen && !removed_ && !stopping_)
        co_await changed_.wait();
}

asio::awaitable<void> Account::changed_at_all() {
    co_await changed_.wait();
}

std::optional<NoToken> Account::over() const {
    if (removed_)
        return NoToken(Denial::removed, "the account left the configuration", std::nullopt);
    if (stopping_) return NoToken(Denial::stopping, "the daemon is stopping", while_stopping);
    return std::nullopt;
}

NoToken Account::unavailable() const {
    const Moment now = services_.clock.now();
    const core::Ledger& ledger = services_.ledger.model();
    if (machine_.client_throttled(now, ledger)) {
        return NoToken(Denial::throttled,
                       "the share of the login budget that clients may spend is used up",
                       machine_.retry_after(now, ledger));
    }
    const core::AccountView view = machine_.view(now, ledger);
    std::string detail =
        "no valid token: the login is " + std::string(core::login_state_name(view.login));
    if (view.last_error) detail += " (" + view.last_error->message + ")";
    return NoToken(Denial::unavailable, std::move(detail), machine_.retry_after(now, ledger));
}

// What suspends an account may be gone once its secrets were looked at.
bool Account::hope_until(BootTime deadline, Moment now) const {
    return sealing_ || checks_ > 0 || machine_.hope_until(deadline, now, services_.ledger.model());
}

asio::awaitable<TokenReply> Account::get(Milliseconds min_ttl, Milliseconds wait) {
    const BootTime deadline = services_.clock.now().boot + wait;
    std::optional<WaitingCall> waiting;
    while (true) {
        if (auto end = over()) co_return std::move(*end);
        const Moment now = services_.clock.now();
        const core::Reception reception = machine_.ask(min_ttl, now);
        settle();
        if (reception.kind == core::Reception::Kind::min_ttl_too_long) {
            co_return NoToken(Denial::min_ttl_too_long,
                              "no new token would live as long as min_ttl", std::nullopt);
        }
        if (reception.kind == core::Reception::Kind::too_young) {
            co_return NoToken(
                Denial::unavailable,
                "the token is new and can't be had with a longer life yet: nothing is sent for it",
                reception.retry_after);
        }
        // What is to be served may still be on its way to the disk (`keep:`): then it is waited for
        // as well.
        if (reception.kind == core::Reception::Kind::serve && current_ &&
            current_->left(now) >= min_ttl && !current_->expired(now)) {
            co_return current_;
        }
        if (!waiting) waiting.emplace(*this);
        if (now.boot >= deadline || !hope_until(deadline, now)) co_return unavailable();
        co_await changed_.wait_until(services_.clock, deadline);
    }
}

asio::awaitable<TokenReply> Account::rejected(std::uint64_t generation, Milliseconds wait) {
    ++series_->rejections;
    const BootTime asked_at = services_.clock.now().boot;
    const BootTime deadline = asked_at + wait;
    const core::Reception reception = machine_.rejected(generation, services_.clock.now());
    settle();
    if (reception.kind == core::Reception::Kind::unknown) {
        co_return NoToken(Denial::unknown_generation, "no token of that generation was ever issued",
                          std::nullopt);
    }
    if (reception.kind == core::Reception::Kind::serve && current()) co_return current_;
    const WaitingCall waiting(*this);
    while (true) {
        if (auto end = over()) co_return std::move(*end);
        const Moment now = services_.clock.now();
        if (machine_.rejection_settled(generation, asked_at, now) && current_ &&
            !current_->expired(now)) {
            co_return current_;
        }
        if (now.boot >= deadline || !hope_until(deadline, now)) co_return unavailable();
        co_await changed_.wait_until(services_.clock, deadline);
    }
}

asio::awaitable<AdminReply> Account::refresh(Milliseconds wait) {
    const core::Admission admission =
        machine_.admin_refresh(services_.clock.now(), services_.ledger.model());
    AdminReply reply = co_await admin(admission, wait);
    co_return reply;
}

asio::awaitable<AdminReply> Account::resume(bool clear_throttle, Milliseconds wait) {
    const core::Admission admission =
        machine_.admin_resume(clear_throttle, services_.clock.now(), services_.ledger.model());
    AdminReply reply = co_await admin(admission, wait);
    co_return reply;
}

asio::awaitable<AdminReply> Account::revoke(Milliseconds wait) {
    const core::Admission admission =
        machine_.admin_revoke(services_.clock.now(), services_.ledger.model());
    AdminReply reply = co_await admin(admission, wait);
    co_return reply;
}

asio::awaitable<AdminReply> Account::admin(core::Admission admission, Milliseconds wait) {
    const BootTime deadline = services_.clock.now().boot + wait;
    settle();
    poke();
    switch (admission.kind) {
        case core::Admission::Kind::scheduled:
            break;
        case core::Admission::Kind::throttled:
            co_return NoToken(Denial::throttled,
                              "the share of the login budget that admins may spend is used up",
                              admission.retry_after);
        case core::Admission::Kind::suspended:
            co_return NoToken(Denial::unavailable, "the account is suspended: `resume` lifts that",
                              std::nullopt);
        case core::Admission::Kind::no_revoke:
            co_return NoToken(Denial::no_revoke, "the recipe has no revoke steps", std::nullopt);
    }
    while (true) {
        if (auto end = over()) co_return std::move(*end);
        const core::AdminProgress progress = machine_.admin_progress();
        if (progress == core::AdminProgress::done && !sealing_) co_return AdminOutcome::done;
        if (progress == core::AdminProgress::failed) co_return unavailable();
        if (services_.clock.now().boot >= deadline) co_return AdminOutcome::accepted;
        co_await changed_.wait_until(services_.clock, deadline);
    }
}

}  // namespace tokenbroker::broker
