#pragma once

#include "api/limits.hpp"

#include <cstddef>
#include <sys/types.h>
#include <unordered_map>

namespace tokenbroker::api {

// How many places are taken, and by whom: no uid gets more than its share of them.
class Occupancy {
public:
    [[nodiscard]] bool enter(uid_t uid, std::size_t most) {
        if (total_ >= most) return false;
        std::size_t& mine = by_uid_[uid];
        if (mine >= Limits::share(most)) return false;
        ++mine;
        ++total_;
        return true;
    }
    void leave(uid_t uid) {
        const auto mine = by_uid_.find(uid);
        if (mine == by_uid_.end()) return;
        if (--mine->second == 0) by_uid_.erase(mine);
        --total_;
    }
    [[nodiscard]] std::size_t total() const noexcept { return total_; }
    [[nodiscard]] std::size_t of(uid_t uid) const {
        const auto mine = by_uid_.find(uid);
        return mine == by_uid_.end() ? 0 : mine->second;
    }

private:
    std::unordered_map<uid_t, std::size_t> by_uid_;
    std::size_t total_ = 0;
};

}  // namespace tokenbroker::api
