#pragma once

#include "core/account_machine.hpp"
#include "core/ledger.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

// One account and its ledger on a workbench: time is moved by hand, outcomes are handed in, what
// the machine says is kept.
namespace tokenbroker::core {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

inline constexpr WallTime bench_epoch{seconds(1'795'305'600)};
inline constexpr BootTime bench_boot{hours(1)};

class Bench {
public:
    explicit Bench(AccountSettings wanted = settings(), Budget realm = default_realm_budget)
        : settings_(std::move(wanted)), realm_(realm), ledger("boot-1") {
        configure();
        machine.emplace(settings_, ledger, now);
        machine->secrets_readable("secret-1", now, ledger);
        take();
    }

    static AccountSettings settings() {
        AccountSettings settings;
        settings.account = "a";
        settings.realm = "r";
        settings.lifetime = hours(100);
        return settings;
    }
    static AccountSettings roomy() {
        AccountSettings with = settings();
        with.budget = {100, hours(1)};
        return with;
    }
    static AccountSettings refreshing() {
        AccountSettings with = settings();
        with.has_refresh = true;
        return with;
    }
    static AccountSettings probing() {
        AccountSettings with = settings();
        with.has_probe = true;
        return with;
    }

    void pass(Milliseconds time) {
        now.wall += time;
        now.boot += time;
    }
    void step_wall(Milliseconds by) {
        now.wall += by;
        machine->clock_stepped(now);
        take();
    }

    Step next() {
        Step step = machine->next(now, ledger);
        if (const auto* attempt = std::get_if<Attempt>(&step);
            attempt != nullptr && attempt->record) {
            records.emplace_back(*attempt->record);
        }
        take();
        return step;
    }
    // The attempt that is due now, or none.
    std::optional<Attempt> attempt() {
        const Step step = next();
        const auto* found = std::get_if<Attempt>(&step);
        return found == nullptr ? std::nullopt : std::optional(*found);
    }
    // How long the machine sleeps; `forever` where only an event ends it; zero where an attempt is
    // due.
    Milliseconds sleep() {
        const Step step = next();
        const auto* sleep = std::get_if<Sleep>(&step);
        if (sleep == nullptr) return Milliseconds::zero();
        return sleep->until ? *sleep->until - now.boot : forever;
    }
    // Passes the time that the machine sleeps until an attempt is due, at most `most`; none: it is
    // not.
    std::optional<Attempt> wait_for_attempt(Milliseconds most = hours(24 * 30)) {
        const BootTime end = now.boot + most;
        for (int turn = 0; turn < 1000; ++turn) {
            const Step step = next();
            if (const auto* found = std::get_if<Attempt>(&step)) return *found;
            const auto until = std::get<Sleep>(step).until;
            if (!until || *until > end) return std::nullopt;
            pass(*until - now.boot);
        }
        return std::nullopt;
    }

    void end(const Outcome& outcome, double draw = 0) {
        machine->on_outcome(outcome, draw, now, ledger);
        take();
    }
    static Outcome failed(Verdict verdict, std::optional<Milliseconds> retry_after = std::nullopt) {
        Outcome outcome;
        outcome.verdict = verdict;
        outcome.retry_after = retry_after;
        outcome.step = "login";
        outcome.message = "said so";
        outcome.fingerprint = "secret-1";
        return outcome;
    }
    static Outcome unsent() {
        Outcome outcome = failed(Verdict::unavailable);
        outcome.sent = outcome.login_sent = false;
        return outcome;
    }
    [[nodiscard]] Outcome token(Milliseconds lifetime = hours(100)) const {
        Outcome outcome;
        outcome.verdict = Verdict::ok;
        IssuedToken issued;
        issued.started = now;
        issued.source = ExpirySource::requested;
        issued.lifetime = lifetime;
        outcome.token = issued;
        return outcome;
    }
    // Logs in now and gets a token.
    void log_in(Milliseconds lifetime = hours(100)) {
        (void)wait_for_attempt();
        end(token(lifetime));
    }

    // The same, and the token can be renewed without a login.
    void log_in_with_refresh() {
        (void)wait_for_attempt();
        Outcome first = token();
        first.token->can_refresh = true;
        end(first);
    }

    // The process ends and starts again: what is durable is the records and the sealed token.
    void restart(const std::string& boot_id = "boot-1") {
        ledger = Ledger(boot_id);
        configure();
        ledger.load(records, now);
        records = ledger.snapshot(now);
        machine.emplace(settings_, ledger, now);
        if (sealed) machine->token_loaded(*sealed, false, now);
        machine->secrets_readable("secret-1", now, ledger);
        take();
    }

    [[nodiscard]] AccountView view() const { return machine->view(now, ledger); }
    [[nodiscard]] LoginState state() const { return view().login; }
    [[nodiscard]] bool serves() const {
        return machine->token() != nullptr && machine->token()->valid(now);
    }
    [[nodiscard]] bool noticed(std::string_view event) const {
        for (const Notice& notice : notices) {
            if (notice.event == event) return true;
        }
        return false;
    }

    [[nodiscard]] std::size_t count_noticed(std::string_view event) const {
        std::size_t count = 0;
        for (const Notice& notice : notices)
            count += notice.event == event ? 1U : 0U;
        return count;
    }
    // The last record that was written, where it is of this kind.
    template <class Record>
    [[nodiscard]] const Record* last_record() const {
        return records.empty() ? nullptr : std::get_if<Record>(&records.back());
    }

    void take() {
        Effects effects = machine->take_effects();
        for (LedgerRecord& record : effects.records)
            records.push_back(std::move(record));
        for (Notice& notice : effects.notices)
            notices.push_back(std::move(notice));
        if (effects.publication != Publication::none) publication = effects.publication;
        if (effects.publication == Publication::dropped) sealed.reset();
        if (effects.publication == Publication::fresh ||
            effects.publication == Publication::reanchored) {
            sealed = effects.times;
        }
    }

private:
    void configure() {
        ledger.set_realm(settings_.realm, realm_);
        ledger.set_account(settings_.account, settings_.realm, settings_.budget);
    }

    AccountSettings settings_;
    Budget realm_;

public:
    Moment now{bench_epoch, bench_boot};
    Ledger ledger;
    std::optional<AccountMachine> machine;
    std::vector<LedgerRecord> records;
    std::vector<Notice> notices;
    Publication publication = Publication::none;
    std::optional<TokenTimes> sealed;
};

}  // namespace tokenbroker::core
