#pragma once

#include "async/clock.hpp"
#include "async/event.hpp"
#include "broker/face.hpp"
#include "broker/render.hpp"
#include "core/allow.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tokenbroker::support {

// An account whose token a test sets by hand. Calls that wait do so until there is a token, or to
// their end.
class FakeAccount final : public broker::AccountFace {
public:
    FakeAccount(async::Clock& time, const std::string& account)
        : clock(time), name_(AccountName::parse(account).value()) {
        answer.account = account;
        answer.recipe = "rossum";
        answer.upstream = "https://mycompany.rossum.app";
        answer.token_state = "none";
        answer.login_state = "idle";
        answer.budget_limit = 5;
        answer.budget_per = std::chrono::hours(1);
        answer.budget_left = 4;
    }

    // A token of an hour, rendered as the broker does it.
    void publish(std::uint64_t generation, const std::string& text,
                 Milliseconds life = std::chrono::hours(1)) {
        const Moment now = clock.now();
        const Secret token{text};
        const Secret value{"Bearer " + text};
        broker::TokenParts parts{name_,      token,    "Authorization", value,       "requested",
                                 generation, now.wall, now.wall + life, std::nullopt};
        token_ = broker::render(parts);
        answer.token_state = "valid";
        answer.generation = generation;
        touch();
    }
    void lose() {
        token_.reset();
        answer.token_state = "none";
        touch();
    }
    void remove() {
        gone = true;
        change_.notify_all();
    }
    void set_allow(std::vector<core::AllowLine> lines) {
        allow_ = core::AllowList(std::move(lines));
        ++access_;
    }

    [[nodiscard]] const AccountName& name() const override { return name_; }
    [[nodiscard]] const core::AllowList& allow() const override { return allow_; }
    [[nodiscard]] std::uint64_t access_revision() const override { return access_; }
    [[nodiscard]] bool removed() const override { return gone; }
    [[nodiscard]] broker::PublishedToken current() override {
        return token_ && !token_->expired(clock.now()) ? token_ : nullptr;
    }
    [[nodiscard]] std::uint64_t revision() const override { return revision_; }
    boost::asio::awaitable<void> changed(std::uint64_t seen) override {
        while (revision_ == seen && !gone)
            co_await change_.wait();
    }

    boost::asio::awaitable<broker::TokenReply> get(Milliseconds min_ttl,
                                                   Milliseconds wait) override {
        asked = "get " + format_duration(min_ttl) + " " + format_duration(wait);
        co_await wait_here(wait);
        co_return reply(broker::Denial::unavailable);
    }
    boost::asio::awaitable<broker::TokenReply> rejected(std::uint64_t generation,
                                                        Milliseconds wait) override {
        asked = "rejected " + std::to_string(generation) + " " + format_duration(wait);
        if (denial) co_return reply(*denial);
        co_return reply(broker::Denial::unavailable);
    }
    boost::asio::awaitable<broker::AdminReply> refresh(Milliseconds wait) override {
        asked = "refresh " + format_duration(wait);
        return admin_reply();
    }
    boost::asio::awaitable<broker::AdminReply> resume(bool clear_throttle,
                                                      Milliseconds wait) override {
        asked =
            std::string("resume ") + (clear_throttle ? "clear " : "keep ") + format_duration(wait);
        return admin_reply();
    }
    boost::asio::awaitable<broker::AdminReply> revoke(Milliseconds wait) override {
        asked = "revoke " + format_duration(wait);
        return admin_reply();
    }
    [[nodiscard]] broker::AccountStatus status() const override {
        ++looks;
        return answer;
    }
    [[nodiscard]] std::uint64_t status_revision() const override { return status_revision_; }
    // After a change of `answer`.
    void show() { ++status_revision_; }

    async::Clock& clock;
    broker::AccountStatus answer;
    std::optional<broker::Denial> denial;     // what calls that could have a token are told
    std::optional<Milliseconds> retry_after;  // with a denial
    broker::AdminOutcome admin_outcome = broker::AdminOutcome::accepted;
    mutable unsigned looks = 0;  // at its status
    std::string asked;           // the last call that reached the account
    bool gone = false;
    std::size_t waiting = 0;  // in get()

private:
    class Counted {
    public:
        explicit Counted(std::size_t& count) : count_(count) { ++count_; }
        Counted(const Counted&) = delete;
        Counted& operator=(const Counted&) = delete;
        ~Counted() { --count_; }

    private:
        std::size_t& count_;
    };

    boost::asio::awaitable<void> wait_here(Milliseconds wait) {
        const Counted counted(waiting);
        const BootTime deadline = clock.now().boot + wait;
        while (!token_ && !denial && !gone) {
            const bool in_time = co_await change_.wait_until(clock, deadline);
            if (!in_time) break;
        }
    }
    broker::TokenReply reply(broker::Denial otherwise) {
        if (gone)
            return broker::NoToken(broker::Denial::removed, "the account was removed",
                                   std::nullopt);
        if (denial) return broker::NoToken(*denial, "because the test says so", retry_after);
        if (token_) return token_;
        return broker::NoToken(otherwise, "no token came in time", retry_after);
    }
    boost::asio::awaitable<broker::AdminReply> admin_reply() {
        if (denial) co_return broker::NoToken(*denial, "because the test says so", retry_after);
        co_return admin_outcome;
    }
    void touch() {
        ++revision_;
        show();
        change_.notify_all();
    }

    AccountName name_;
    core::AllowList allow_;
    std::uint64_t access_ = 1;
    std::uint64_t revision_ = 1;
    std::uint64_t status_revision_ = 1;
    broker::PublishedToken token_;
    async::Event change_;
};

class FakeBroker final : public broker::BrokerFace {
public:
    explicit FakeBroker(async::Clock& clock) : clock_(clock) {}

    std::shared_ptr<FakeAccount> add(const std::string& name) {
        auto account = std::make_shared<FakeAccount>(clock_, name);
        accounts_[name] = account;
        ++access_;
        return account;
    }
    void remove(const std::string& name) {
        accounts_.at(name)->remove();
        accounts_.erase(name);
        ++access_;
    }
    void set_admins(std::vector<core::AllowLine> lines) {
        admins_ = core::AllowList(std::move(lines));
        ++access_;
    }

    [[nodiscard]] broker::AccountHandle find(std::string_view account) const override {
        const auto found = accounts_.find(account);
        return found == accounts_.end() ? nullptr : found->second;
    }
    [[nodiscard]] std::vector<broker::AccountHandle> accounts() const override {
        std::vector<broker::AccountHandle> all;
        for (const auto& [name, account] : accounts_)
            all.push_back(account);
        return all;
    }
    [[nodiscard]] const core::AllowList& admins() const override { return admins_; }
    [[nodiscard]] std::uint64_t access_revision() const override { return access_; }
    [[nodiscard]] bool loaded() const override { return is_loaded; }

    bool is_loaded = true;

private:
    async::Clock& clock_;
    std::map<std::string, std::shared_ptr<FakeAccount>, std::less<>> accounts_;
    core::AllowList admins_;
    std::uint64_t access_ = 1;
};

}  // namespace tokenbroker::support
