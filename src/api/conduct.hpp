#pragma once

#include "base/time.hpp"

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
    // An answer took long: whether it is not the first one of late, as any may be slow by chance.
    [[nodiscard]] bool took_long(std::optional<uid_t> user, BootTime now) {
        User& his = users_[user.value_or(nobody)];
        const bool again = his.slow && now - *his.slow < late;
        his.slow = now;
        return again;
    }
    [[nodiscard]] bool is_decent(std::optional<uid_t> user, BootTime now) const {
        const auto known = users_.find(user.value_or(nobody));
        return known == users_.end() || !known->second.much || now - *known->second.much >= late;
    }
    void forget_old(BootTime now) {
        std::erase_if(users_, [now](const auto& user) {
            const auto is_old = [now](const std::optional<BootTime>& time) {
                return !time || now - *time >= late;
            };
            return is_old(user.second.much) && is_old(user.second.slow);
        });
    }

private:
    static constexpr uid_t nobody = static_cast<uid_t>(-1);
    struct User {
        std::optional<BootTime> much;
        std::optional<BootTime> slow;
    };
    std::unordered_map<uid_t, User> users_;
};

}  // namespace tokenbroker::api
