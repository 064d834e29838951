#pragma once

#include "base/time.hpp"
#include "core/verdict.hpp"

#include <string>

// Phrases of the account machine's notices.
namespace tokenbroker::core {

// "step login: status 401: Invalid credentials".
inline std::string what_failed(const Outcome& outcome) {
    std::string text = outcome.step.empty() ? std::string() : "step " + outcome.step + ": ";
    if (outcome.status) text += "status " + std::to_string(*outcome.status) + ": ";
    return text +
           (outcome.message.empty() ? std::string(verdict_name(outcome.verdict)) : outcome.message);
}

inline std::string in_time(Milliseconds wait) {
    return "again in " + describe_duration(wait);
}

}  // namespace tokenbroker::core
