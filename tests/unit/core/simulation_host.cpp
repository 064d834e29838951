#include "simulation_host.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

namespace tokenbroker::core::simulation {
namespace {

constexpr WallTime epoch{std::chrono::seconds(1'795'305'600)};
constexpr Milliseconds boot_base =
    std::chrono::seconds(20);  // a boot is so old when the process starts
constexpr Milliseconds call_wait = std::chrono::seconds(5);
constexpr Milliseconds sealing{30};
constexpr int most_turns = 8;

std::string realm_name(std::size_t realm) {
    return "realm-" + std::to_string(realm);
}

}  // namespace

Host::Host(Random& random, Upstream& upstream, std::vector<AccountPlan> accounts,
           std::vector<Budget> realm_budgets)
    : random_(random), upstream_(upstream), realm_budgets_(std::move(realm_budgets)) {
    accounts_.resize(accounts.size());
    for (std::size_t index = 0; index < accounts.size(); ++index)
        accounts_[index].plan = std::move(accounts[index]);
}

Moment Host::moment(Time now) const {
    return {epoch + now + offset_, BootTime(boot_base + now - boot_began_)};
}

Time Host::at(BootTime boot) const {
    return boot.time_since_epoch() - boot_base + boot_began_;
}

std::string Host::fingerprint(std::size_t index) const {
    return std::to_string(index) + "/" + std::to_string(accounts_[index].password);
}

void Host::schedule(Time when, Kind kind, std::size_t account, std::uint64_t ticket,
                    std::uint64_t value) {
    events_.push({when, order_++, kind, account, ticket, value});
}

void Host::start(Time now) {
    running_ = true;
    ++life_;
    ledger_.emplace("boot-" + std::to_string(boots_));
    for (std::size_t realm = 0; realm < realm_budgets_.size(); ++realm) {
        ledger_->set_realm(realm_name(realm), realm_budgets_[realm]);
    }
    for (const Account& account : accounts_) {
        ledger_->set_account(account.plan.settings.account, account.plan.settings.realm,
                             account.plan.settings.budget);
    }
    const Moment moment = this->moment(now);
    ledger_->load(log_, moment);
    log_ = ledger_->snapshot(moment);
    for (std::size_t index = 0; index < accounts_.size(); ++index) {
        Account& account = accounts_[index];
        account.machine = std::make_unique<AccountMachine>(account.plan.settings, *ledger_, moment);
        account.login.reset();
        account.to_seal.reset();
        account.serves = 0;
        account.calls = 0;
        if (account.sealed) {
            account.serves = account.sealed_token;
            account.told_rightly = account.sealed_rightly;
            account.machine->token_loaded(*account.sealed, false, moment);
        }
        account.machine->secrets_readable(fingerprint(index), moment, *ledger_);
        drain(index, 0, now);
        schedule(now + random_.between(Milliseconds(0), std::chrono::hours(2)), Kind::poll, index,
                 life_);
    }
    for (std::size_t index = 0; index < accounts_.size(); ++index)
        step(index, now);
}

void Host::crash(Time now, bool reboot) {
    running_ = false;
    for (Account& account : accounts_) {
        if (account.to_seal) ++counts_.tokens_lost;
        if (account.login && account.login->attempt.record) ++counts_.logins_cut;
        account.machine.reset();
    }
    ledger_.reset();
    ++life_;
    if (!reboot) return;
    ++boots_;
    boot_began_ = now;
}

void Host::run_until(Time end) {
    while (!events_.empty() && events_.top().at <= end) {
        Event event = events_.top();
        events_.pop();
        if (event.at <
            asleep_until_) {  // the machine sleeps; what comes from outside waits in its buffers
            if (event.kind != Kind::arrival) {
                event.at = asleep_until_;
                events_.push(event);
                continue;
            }
        }
        handle(event);
    }
}

void Host::handle(const Event& event) {
    if (event.kind == Kind::arrival) {  // on its way, whatever became of the process
        if (event.ticket == life_) {
            arrive(event.account, event.at);
        } else {
            (void)upstream_.login(event.account, static_cast<unsigned>(event.value), event.at,
                                  event.at);
        }
        return;
    }
    Account& account = accounts_[event.account];
    if (event.kind == Kind::refresh_due) {  // time passes for a token whatever runs
        if (account.newest == event.value && !std::exchange(account.newest_is_due, true))
            ++counts_.refreshes_due;
        return;
    }
    if (event.kind == Kind::wake) {
        if (running_ && event.ticket == account.wake) step(event.account, event.at);
        return;
    }
    if (!running_ || event.ticket != life_) return;
    switch (event.kind) {
        case Kind::answer:
            answered(event.account, event.at);
            break;
        case Kind::probed:
            probed(event.account, event.at);
            break;
        case Kind::poll:
            poll(event.account, event.at);
            break;
        case Kind::sealed:
            if (account.to_seal && account.to_seal->generation == event.value) {
                account.sealed = std::exchange(account.to_seal, std::nullopt);
                account.sealed_token = account.serves;
                account.sealed_rightly = account.told_rightly;
            }
            break;
        case Kind::call_ends:
            if (account.calls > 0) --account.calls;
            account.machine->call_left();
            step(event.account, event.at);
            break;
        case Kind::wake:
        case Kind::arrival:
        case Kind::refresh_due:
            break;
    }
}

void Host::step(std::size_t index, Time now) {
    Account& account = accounts_[index];
    for (int turn = 0; !account.login; ++turn) {
        if (turn == most_turns) {
            ++counts_.spins;
            return;
        }
        const Moment moment = this->moment(now);
        const Step step = account.machine->next(moment, *ledger_);
        drain(index, 0, now);
        if (const auto* sleep = std::get_if<Sleep>(&step)) {
            ++account.wake;
            if (sleep->until) {
                if (*sleep->until <= moment.boot) ++counts_.sleeps_in_the_past;
                schedule(std::max(at(*sleep->until), now + Milliseconds(1)), Kind::wake, index,
                         account.wake);
            }
            break;
        }
        begin(index, std::get<Attempt>(step), now);
    }
    step_woken(now);
}

void Host::step_woken(Time now) {
    for (const std::string& name : ledger_->take_woken()) {
        Account& account = accounts_[std::stoul(name.substr(1))];
        ++account.wake;
        schedule(now, Kind::wake, std::stoul(name.substr(1)), account.wake);
    }
}

void Host::begin(std::size_t index, const Attempt& attempt, Time now) {
    Account& account = accounts_[index];
    const Moment moment = this->moment(now);
    if (attempt.kind == AttemptKind::probe) {
        account.login = Login{now, now, now, account.password, attempt, {}};
        schedule(now + upstream_.latency(index, now), Kind::probed, index, life_, account.serves);
        return;
    }
    if (account.machine->view(moment, *ledger_).login == LoginState::suspended)
        ++counts_.sent_while_suspended;
    if (ledger_fails_) {
        account.machine->ledger_failed("No space left on device", moment, *ledger_);
        drain(index, 0, now);
        return;
    }
    log_.emplace_back(*attempt.record);
    account.login = Login{now, now, now, account.password, attempt, {}};
    if (upstream_.refuses_connection(index, now)) {
        account.login->answer.verdict = Verdict::unavailable;
        account.login->answer.sent = false;
        schedule(now + Milliseconds(20), Kind::answer, index, life_);
        return;
    }
    const Milliseconds latency = upstream_.latency(index, now);
    account.login->answered_at = now + latency;
    schedule(now + latency * 4 / 10, Kind::arrival, index, life_, account.password);
}

void Host::arrive(std::size_t index, Time now) {
    Login& login = *accounts_[index].login;
    login.answer = upstream_.login(index, login.password, login.sent, now);
    schedule(login.answered_at, Kind::answer, index, life_);
}

void Host::answered(std::size_t index, Time now) {
    Account& account = accounts_[index];
    const Login login = *std::exchange(account.login, std::nullopt);
    const Moment moment = this->moment(now);
    Outcome outcome;
    outcome.verdict = login.answer.verdict;
    outcome.sent = outcome.login_sent = login.answer.sent;
    outcome.retry_after = login.answer.retry_after;
    outcome.step = "login";
    outcome.fingerprint = std::to_string(index) + "/" + std::to_string(login.password);
    if (const auto& token = login.answer.token) {
        IssuedToken issued;
        issued.started = this->moment(login.started);
        if (account.plan.stated) {
            issued.source = ExpirySource::stated;
            issued.expires_at = epoch + token->expires;
        } else {
            issued.source = ExpirySource::requested;
            issued.lifetime = account.plan.settings.lifetime;
        }
        outcome.token = issued;
    }
    if (outcome.retry_after) {
        upstream_.heard(account.plan.realm, now, now + *outcome.retry_after);
    }
    account.machine->on_outcome(outcome, random_.unit(), moment, *ledger_);
    drain(index, login.answer.token ? login.answer.token->id : 0, now);
    step(index, now);
}

void Host::probed(std::size_t index, Time now) {
    Account& account = accounts_[index];
    account.login.reset();
    Outcome outcome;
    const auto trouble = upstream_.trouble(account.plan.realm, now);
    outcome.step = "probe";
    outcome.verdict = Verdict::ok;
    if (account.serves == 0 || !upstream_.works(account.serves, now))
        outcome.verdict = Verdict::expired;
    if (trouble) outcome.verdict = Verdict::unavailable;
    account.machine->on_outcome(outcome, random_.unit(), moment(now), *ledger_);
    drain(index, 0, now);
    step(index, now);
}

void Host::poll(std::size_t index, Time now) {
    Account& account = accounts_[index];
    const Moment moment = this->moment(now);
    ++counts_.polls;
    schedule(now + random_.between(std::chrono::minutes(5), std::chrono::hours(4)), Kind::poll,
             index, life_);
    const TokenClock* token = account.machine->token();
    bool waits = false;
    if (token != nullptr && token->valid(moment)) {
        ++counts_.served;
        const Token& truth = upstream_.token(account.serves);
        const bool late = (wall_is_right() && account.told_rightly && now >= truth.expires) ||
                          moment.wall >= *token->times().expires_at;
        if (late) ++counts_.served_expired;
        if (now < truth.expires && !upstream_.works(account.serves, now)) {
            ++counts_.served_dead;
            waits = account.machine->rejected(token->times().generation, moment).kind ==
                    Reception::Kind::wait;
        }
    } else {
        ++counts_.without_token;
        waits = account.machine->ask(Milliseconds::zero(), moment).kind == Reception::Kind::wait;
    }
    if (!waits) return;
    account.machine->call_waits();
    ++account.calls;
    schedule(now + call_wait, Kind::call_ends, index, life_);
    step(index, now);
}

void Host::drain(std::size_t index, std::uint64_t new_token, Time now) {
    Account& account = accounts_[index];
    Effects effects = account.machine->take_effects();
    for (LedgerRecord& record : effects.records) {
        if (std::holds_alternative<SuspendedRecord>(record)) ++counts_.suspensions;
        log_.push_back(std::move(record));
    }
    switch (effects.publication) {
        case Publication::fresh:
            account.serves = new_token;
            note_need(index, new_token, now);
            [[fallthrough]];
        case Publication::reanchored:
            account.told_rightly = wall_is_right();
            account.to_seal = effects.times;
            schedule(now + sealing, Kind::sealed, index, life_, effects.times->generation);
            break;
        case Publication::dropped:
            account.sealed.reset();
            account.to_seal.reset();
            break;
        case Publication::none:
        case Publication::resumed:
        case Publication::expired:
            break;
    }
}

// Each token's own refresh time, with the jitter that was drawn for it, says when the next login is
// needed.
void Host::note_need(std::size_t index, std::uint64_t new_token, Time now) {
    Account& account = accounts_[index];
    if (account.newest == 0) {
        ++counts_.first_tokens;
    } else if (!account.newest_is_due && !upstream_.works(account.newest, now)) {
        ++counts_.died_before;
    }
    account.newest = new_token;
    account.newest_is_due = false;
    const auto due = account.machine->view(moment(now), *ledger_).refresh_at;
    if (!due) return;
    const Time true_time = *due - epoch - offset_;
    schedule(std::max(true_time, now), Kind::refresh_due, index, life_, new_token);
}

// What follows the wall clock (stated expiries, tokens of an earlier boot) ends by it.
void Host::note_clock(std::size_t index, Time now) {
    Account& account = accounts_[index];
    const TokenClock* token = account.machine->token();
    if (token == nullptr || account.newest_is_due) return;
    const auto due = account.machine->view(moment(now), *ledger_).refresh_at;
    if (token->valid(moment(now)) && (!due || *due > moment(now).wall)) return;
    account.newest_is_due = true;
    ++counts_.ended_by_clock;
}

void Host::set_wall_clock(Time now, Milliseconds offset) {
    offset_ = offset;
    if (!running_) return;
    log_.emplace_back(ClockRecord{ledger_->stamp(moment(now))});
    for (std::size_t index = 0; index < accounts_.size(); ++index) {
        accounts_[index].machine->clock_stepped(moment(now));
        note_clock(index, now);
        drain(index, 0, now);
        step(index, now);
    }
}

void Host::suspend(Time now, Milliseconds span) {
    asleep_until_ = now + span;
}

void Host::change_secret(std::size_t index, Time now) {
    Account& account = accounts_[index];
    ++account.password;
    if (!running_) return;
    account.machine->secrets_readable(fingerprint(index), moment(now), *ledger_);
    drain(index, 0, now);
    step(index, now);
}

std::size_t Host::valid_tokens(Time now) const {
    return static_cast<std::size_t>(
        std::count_if(accounts_.begin(), accounts_.end(), [&](const Account& account) {
            const TokenClock* token = account.machine->token();
            return token != nullptr && token->valid(moment(now));
        }));
}

}  // namespace tokenbroker::core::simulation
