#include "metrics/registry.hpp"

#include "metrics/exposition.hpp"

#include <utility>

namespace tokenbroker::metrics {

std::uint64_t& ByStatus::operator[](unsigned status) {
    return counts_[status];
}

std::uint64_t& ByUid::operator[](std::uint32_t uid) {
    const auto known = counts_.find(uid);
    if (known != counts_.end()) return known->second;
    if (counts_.size() >= most) return other_;
    return counts_[uid];
}

Registry::Registry(BuildInfo build)
    : build_(std::move(build)),
      started_(std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now())) {}

Registry::~Registry() = default;

AccountHandle Registry::account(const AccountName& name) {
    std::weak_ptr<AccountSeries>& known = accounts_[name];
    if (auto living = known.lock()) return living;
    auto made = std::make_shared<AccountSeries>(name);
    known = made;
    return made;
}

std::vector<AccountHandle> Registry::living() {
    std::vector<AccountHandle> all;
    std::erase_if(accounts_, [&all](const auto& account) {
        auto series = account.second.lock();
        if (!series) return true;
        all.push_back(std::move(series));
        return false;
    });
    return all;
}

std::shared_ptr<const std::string> Registry::render(Scope scope, BootTime now) {
    constexpr Milliseconds fresh_for = std::chrono::seconds(1);
    Rendering& last = renderings_.at(scope == Scope::process ? 0 : 1);
    if (last.text && now - last.at < fresh_for) return last.text;
    for (const auto& refresh : refresh_)
        refresh();
    const auto accounts = scope == Scope::everything ? living() : std::vector<AccountHandle>();
    last.text = std::make_shared<const std::string>(
        expose(build_, started_, read_process_stats(), process_, accounts));
    last.at = now;
    process_.loop_longest_turn_seconds = 0;
    return last.text;
}

}  // namespace tokenbroker::metrics
