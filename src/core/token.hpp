#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tokenbroker::core {

// How the expiry is known.
enum class ExpirySource { stated, requested, assumed, none };
std::string_view expiry_source_name(ExpirySource source) noexcept;
std::optional<ExpirySource> expiry_source_from_name(std::string_view name) noexcept;

// A new token as the recipe read it. The token itself stays with the shell.
struct IssuedToken {
    Moment started;  // before the request was sent: where a relative expiry is counted from
    ExpirySource source = ExpirySource::none;
    std::optional<Milliseconds> lifetime;  // a relative expiry: requested, assumed, `expires_in`
    std::optional<WallTime> expires_at;    // an absolute one: a date, a JWT's exp. Not both
    bool same_token = false;               // the very bytes of the token that is there already
    bool can_refresh = false;              // what `refresh:` steps need is held
};

// What is kept of a token's times: all of it is sealed with the token. Never holds the token.
struct TokenTimes {
    std::uint64_t generation = 0;
    std::uint64_t first_generation = 0;  // the first one under which this very token was served
    WallTime issued_at;
    BootTime issued_boot;
    std::string boot_id;                   // the boot that the boot times here are of
    std::optional<WallTime> expires_at;    // none: it does not expire
    std::optional<BootTime> expires_boot;  // in that boot it is not served after this either
    std::optional<Milliseconds> lifetime;  // set where the expiry is relative
    ExpirySource source = ExpirySource::none;
    double jitter = 0;  // u of behaviour 7, in [0, 1)

    bool operator==(const TokenTimes&) const = default;
};

// Answers name an expiry in whole seconds, and a token is not served after what they name: so much
// earlier it ends.
Milliseconds untold(WallTime expiry) noexcept;

// max(last + 1, Unix time in seconds).
std::uint64_t next_generation(std::uint64_t last, WallTime now) noexcept;

// A token's times within the running boot: when it is valid and how old it is, whatever the wall
// clock does.
//
// Its issue lies where boot time has it: a clock set back makes no token seem issued in the future.
// A relative expiry of this boot follows boot time, and expires_at is re-anchored to it. A stated
// one follows the wall clock, and so does any token of an earlier boot; both are held besides to
// the span of boot time that they had when they were issued or loaded, so that a clock set back
// serves no dead token.
class TokenClock {
public:
    // A token that has just been issued in the boot `boot_id`.
    static TokenClock issued(const IssuedToken& token, std::uint64_t last_generation, double jitter,
                             const std::string& boot_id, Moment now);
    // One read from disk, perhaps of an earlier boot.
    static TokenClock loaded(TokenTimes times, const std::string& boot_id, Moment now);

    [[nodiscard]] const TokenTimes& times() const noexcept { return times_; }

    // Issued, and not expired: by whichever clock says so first.
    [[nodiscard]] bool valid(Moment now) const noexcept {
        return !before_issue(now) && !expired(now);
    }
    [[nodiscard]] bool expired(Moment now) const noexcept {
        return left(now) <= Milliseconds::zero();
    }
    [[nodiscard]] bool before_issue(Moment now) const noexcept {
        return now.wall < times_.issued_at;
    }
    // Until it expires, by the earlier clock; zero where it has; `forever` where it does not.
    [[nodiscard]] Milliseconds left(Moment now) const noexcept;
    [[nodiscard]] Milliseconds age(Moment now) const noexcept;
    // From issue to expiry; `forever` where it does not expire.
    [[nodiscard]] Milliseconds life() const noexcept;

    // The same token after the wall clock stepped, under a new generation, where an answer would
    // differ by a second or more; none where it would not.
    [[nodiscard]] std::optional<TokenClock> reanchored(std::uint64_t last_generation,
                                                       Moment now) const;
    // This is the very token that was first served under `generation`.
    void same_since(std::uint64_t generation) noexcept { times_.first_generation = generation; }

private:
    TokenTimes times_;
    // Of a token of an earlier boot: what the wall clock said of it before it was loaded. Its times
    // here are never later.
    struct Known {
        WallTime issued_at;
        std::optional<WallTime> expires_at;
    };
    std::optional<Known> known_;
};

}  // namespace tokenbroker::core
