#pragma once

#include "base/time.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <sys/types.h>
#include <unordered_map>

namespace tokenbroker::api {

// Which users asked for much of late. (Those who are no user's count as one.)
class Conduct {
public:
    static constexpr Milliseconds late = std::chrono::seconds(1);

    void asked_much(std::optional<uid_t> user, BootTime now) {
        users_[user.value_or(nobody)].much = now;
    }
    // An answer took long, or not. Whether long ones are more than a few of those of late: any may
    // be slow by chance.
    [[nodiscard]] bool is_slow(bool answer_took_long, std::optional<uid_t> user, BootTime now) {
        if (!answer_took_long) {
            if (slow_users_ > 0) pay_back(user.value_or(nobody));
            return false;
        }
        User& his = users_[user.value_or(nobody)];
        if (his.debt == 0) ++slow_users_;
        if (his.slow && now - *his.slow >= late) his.debt = 0;
        his.slow = now;
        his.debt = std::min(his.debt + quick_for_a_slow, most_debt);
        return his.debt == most_debt;
    }
    [[nodiscard]] bool is_decent(std::optional<uid_t> user, BootTime now) const {
        const auto known = users_.find(user.value_or(nobody));
        return known == users_.end() || !known->second.much || now - *known->second.much >= late;
    }
    void forget_old(BootTime now) {
        std::erase_if(users_, [this, now](const auto& user) {
            const auto is_old = [now](const std::optional<BootTime>& time) {
                return !time || now - *time >= late;
            };
            if (!is_old(user.second.much) || !is_old(user.second.slow)) return false;
            if (user.second.debt > 0) --slow_users_;
            return true;
        });
    }

private:
    // Quick answers that make up for a slow one.
    static constexpr unsigned quick_for_a_slow = 16;
    static constexpr unsigned most_debt = 4 * quick_for_a_slow;
    static constexpr uid_t nobody = static_cast<uid_t>(-1);
    struct User {
        std::optional<BootTime> much;
        std::optional<BootTime> slow;
        unsigned debt = 0;  // quick answers until the slow one is forgotten
    };
    void pay_back(uid_t user) {
        const auto known = users_.find(user);
        if (known == users_.end() || known->second.debt == 0) return;
        if (--known->second.debt == 0) --slow_users_;
    }

    std::size_t slow_users_ = 0;  // with a debt
    std::unordered_map<uid_t, User> users_;
};

}  // namespace tokenbroker::api
