#pragma once

#include "base/time.hpp"
#include "core/token.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace tokenbroker::core {

// What an upstream's answer means (recipes.md, `answers`). `misconfigured` is for local causes: a
// secret that can't be read, an input that does not fit its place.
enum class Verdict { ok, refused, throttled, unavailable, expired, unexpected, misconfigured };
std::string_view verdict_name(Verdict verdict) noexcept;
std::optional<Verdict> verdict_from_name(std::string_view name) noexcept;

// What an attempt came to. Filled in by the shell from what upstream/ reports.
struct Outcome {
    Verdict verdict = Verdict::unavailable;

    // Of an attempt that spends a login: whether the login's own request may have reached the
    // upstream. If not (DNS, connect, TLS, an unreadable secret), the budget gets it back.
    bool login_sent = true;
    // Whether the request of the step that failed was sent. Faults before the send are tried again
    // after 1 s.
    bool sent = true;
    // The login succeeded and what it gave is held in memory: `continue_steps` goes on from there.
    bool held = false;
    // The step that failed is `optional: true`.
    bool optional_step = false;

    std::optional<Milliseconds>
        retry_after;            // of the header, a date already made a delay; uncapped
    std::string step;           // "login"; empty where no step is to blame
    std::optional<int> status;  // HTTP status, where there was an answer
    std::string message;        // for people: masked, at most 200 characters

    // Keyed hash over the secrets and the settings that this login used: what a suspension is
    // latched to.
    std::string fingerprint;
    // With verdict ok of acquire, refresh and continue_steps.
    std::optional<IssuedToken> token;
};

// The last error of an account, as status shows it. `kind` is a Verdict's name.
struct LoginError {
    Verdict kind = Verdict::unavailable;
    std::string step;
    std::optional<int> status;
    std::string message;
    WallTime at;

    bool operator==(const LoginError&) const = default;
};

}  // namespace tokenbroker::core
