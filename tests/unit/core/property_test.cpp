// Whatever happens, in whatever order: no login while suspended, none before its time, no wait of
// nothing, no token served beyond its expiry, no machine that spins.
#include "bench.hpp"
#include "simulation_upstream.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <variant>

namespace tokenbroker::core {
namespace {

using simulation::Random;

class Storm {
public:
    explicit Storm(std::uint64_t seed)
        : random_(seed), settings_(draw_settings()), bench_(settings_, realm_) {}

    void run(int turns) {
        for (int turn = 0; turn < turns && !::testing::Test::HasFailure(); ++turn) {
            event();
            advance();
            check();
        }
    }

private:
    AccountSettings draw_settings() {
        AccountSettings settings = Bench::settings();
        settings.budget = {1 + static_cast<unsigned>(random_.unit() * 6),
                           random_.between(seconds(30), hours(2))};
        settings.has_probe = random_.chance(0.6);
        settings.has_refresh = random_.chance(0.3);
        settings.kept_replaces_input = settings.has_refresh && random_.chance(0.3);
        settings.has_revoke = random_.chance(0.5);
        settings.on_demand = random_.chance(0.3);
        settings.lifetime = random_.between(Milliseconds(10), hours(30));
        if (random_.chance(0.3)) settings.probe_every = random_.between(Milliseconds(0), hours(1));
        if (random_.chance(0.3)) settings.backoff = {Milliseconds(0), 0, Milliseconds(0)};
        return settings;
    }

    Outcome draw_outcome(const Attempt& attempt) {
        static constexpr Verdict verdicts[] = {
            Verdict::ok,         Verdict::ok,        Verdict::ok,
            Verdict::refused,    Verdict::throttled, Verdict::unavailable,
            Verdict::unexpected, Verdict::expired,   Verdict::misconfigured};
        const Verdict verdict = verdicts[static_cast<std::size_t>(random_.unit() * 9)];
        if (verdict == Verdict::ok) {
            Outcome outcome = bench_.token(*settings_.lifetime);
            if (random_.chance(0.3)) {
                outcome.token->source = ExpirySource::stated;
                outcome.token->lifetime.reset();
                outcome.token->expires_at = bench_.now.wall + random_.between(-hours(1), hours(50));
            }
            outcome.token->same_token = random_.chance(0.1);
            outcome.token->can_refresh = random_.chance(0.5);
            return outcome;
        }
        Outcome outcome = Bench::failed(verdict);
        if (random_.chance(0.4)) outcome.retry_after = random_.between(-seconds(10), hours(30));
        outcome.sent = random_.chance(0.7);
        outcome.login_sent = outcome.sent || random_.chance(0.5);
        outcome.held =
            attempt.kind == AttemptKind::acquire && outcome.login_sent && random_.chance(0.3);
        outcome.optional_step = random_.chance(0.5);
        outcome.fingerprint = "secret-" + std::to_string(secret_);
        return outcome;
    }

    void event() {
        AccountMachine& machine = *bench_.machine;
        const double what = random_.unit();
        if (what < 0.2) {
            (void)machine.ask(random_.between(Milliseconds(0), hours(40)), bench_.now);
            machine.call_waits();
        } else if (what < 0.3) {
            machine.call_left();
        } else if (what < 0.45) {
            (void)machine.rejected(machine.last_generation(), bench_.now);
        } else if (what < 0.5) {
            (void)machine.admin_refresh(bench_.now, bench_.ledger);
        } else if (what < 0.53) {
            (void)machine.admin_resume(false, bench_.now, bench_.ledger);
        } else if (what < 0.56) {
            (void)machine.admin_revoke(bench_.now, bench_.ledger);
        } else if (what < 0.6) {
            machine.secrets_readable("secret-" + std::to_string(++secret_), bench_.now,
                                     bench_.ledger);
        } else if (what < 0.62) {
            machine.secrets_unreadable("gone", bench_.now);
        } else if (what < 0.66) {
            bench_.now.wall += random_.between(-hours(5), hours(5));
            machine.clock_stepped(bench_.now);
        } else if (what < 0.7) {
            restart();
        }
        bench_.take();
    }

    void restart() {
        in_flight_.reset();
        last_end_.reset();  // an attempt without a login leaves no trace
        bench_.restart();
        bench_.machine->secrets_readable("secret-" + std::to_string(secret_), bench_.now,
                                         bench_.ledger);
    }

    void advance() {
        const Milliseconds most =
            random_.chance(0.5) ? Milliseconds(seconds(20)) : Milliseconds(hours(6));
        const BootTime end = bench_.now.boot + random_.between(Milliseconds(1), most);
        for (int turns = 0; bench_.now.boot < end; ++turns) {
            if (in_flight_) {
                finish();
                continue;
            }
            const bool suspended = bench_.state() == LoginState::suspended;
            const Step step = bench_.next();
            if (const auto* attempt = std::get_if<Attempt>(&step)) {
                begin(*attempt, suspended);
                continue;
            }
            const auto until = std::get<Sleep>(step).until;
            if (until) {
                ASSERT_GT(*until, bench_.now.boot);
            }
            const BootTime wake = until ? std::min(*until, end) : end;
            bench_.pass(wake - bench_.now.boot);
            ASSERT_LT(turns, 60'000);
        }
    }

    void begin(const Attempt& attempt, bool suspended) {
        in_flight_ = attempt;
        if (attempt.spends_login()) {
            ASSERT_FALSE(suspended);
            ASSERT_FALSE(bench_.ledger.not_before("r", bench_.now.boot));
            logins_.push_back(bench_.now.boot);
            if (attempt.cause != Cause::need) share_.push_back(bench_.now.boot);
        }
        const bool renews =
            attempt.kind == AttemptKind::acquire || attempt.kind == AttemptKind::refresh;
        if (renews && last_end_) {
            ASSERT_GE(bench_.now.boot - *last_end_, seconds(1));
        }
    }

    void finish() {
        const Attempt attempt = *std::exchange(in_flight_, std::nullopt);
        if (!random_.chance(0.1)) bench_.pass(random_.between(Milliseconds(0), seconds(30)));
        if (attempt.spends_login() && random_.chance(0.05)) {
            bench_.machine->ledger_failed("No space left on device", bench_.now, bench_.ledger);
            bench_.records.pop_back();  // it is not on disk
            bench_.take();
            forget(attempt);
        } else {
            const Outcome outcome = draw_outcome(attempt);
            bench_.end(outcome, random_.unit());
            const bool renewed = outcome.verdict == Verdict::ok || outcome.held;
            if (attempt.spends_login() && !renewed && !outcome.login_sent) forget(attempt);
        }
        if (attempt.kind == AttemptKind::acquire || attempt.kind == AttemptKind::refresh)
            last_end_ = bench_.now.boot;
    }

    void forget(const Attempt& attempt) {
        logins_.pop_back();
        if (attempt.cause != Cause::need) share_.pop_back();
    }

    void check() {
        const auto within = [this](const std::deque<BootTime>& times) {
            return std::count_if(times.begin(), times.end(), [this](BootTime time) {
                return time >= bench_.now.boot - settings_.budget.per;
            });
        };
        ASSERT_LE(within(logins_), settings_.budget.logins);
        ASSERT_LE(within(share_), settings_.budget.share());
        if (bench_.serves() && bench_.machine->token()->times().expires_at) {
            ASSERT_LT(bench_.now.wall, *bench_.machine->token()->times().expires_at);
            ASSERT_GE(bench_.now.wall, bench_.machine->token()->times().issued_at);
        }
        const AccountView view = bench_.view();
        if (view.login == LoginState::suspended) {
            ASSERT_FALSE(view.retry_at);
        }
        if (view.login == LoginState::throttled) {
            ASSERT_NE(view.waiting_for, WaitingFor::nothing);
        }
        if (view.retry_at) {
            ASSERT_GT(*view.retry_at, bench_.now.wall);
        }
    }

    Random random_;
    Budget realm_{20, minutes(1)};
    AccountSettings settings_;
    Bench bench_;
    std::optional<Attempt> in_flight_;
    std::deque<BootTime> logins_;
    std::deque<BootTime> share_;
    std::optional<BootTime> last_end_;
    int secret_ = 1;
};

TEST(Property, no_sequence_of_events_breaks_a_promise) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        SCOPED_TRACE(seed);
        Storm(seed).run(100);
        if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace tokenbroker::core
