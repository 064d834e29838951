#include "api/listing.hpp"

#include "api/account_json.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <utility>

namespace tokenbroker::api {
namespace {

constexpr Milliseconds longest_kept = std::chrono::seconds(1);
// Different sets of accounts for which a body is kept.
constexpr std::size_t most_bodies = 4;

// A token that is still served, while what should bring the next one does not work.
bool is_failing(const broker::AccountStatus& status) {
    return status.token_state == "valid" &&
           (status.login_state == "suspended" ||
            (status.consecutive_failures > 0 && status.last_error.has_value()));
}

// An account on demand that nobody asks for is without a token because nobody needs one.
bool is_at_rest(const broker::AccountStatus& status) {
    return status.on_demand && status.login_state == "idle" && status.consecutive_failures == 0;
}

}  // namespace

const std::vector<Listing::Entry>& Listing::accounts(BootTime now) {
    if (broker_revision_ != broker_.access_revision()) {
        broker_revision_ = broker_.access_revision();
        entries_.clear();
        bodies_.clear();
        for (auto& account : broker_.accounts()) {
            entries_.emplace_back().account = std::move(account);
            look(entries_.back(), now);
        }
    }
    for (Entry& entry : entries_) {
        if (entry.revision != entry.account->status_revision() ||
            now - entry.looked_at >= longest_kept)
            look(entry, now);
    }
    return entries_;
}

void Listing::look(Entry& entry, BootTime now) {
    const broker::AccountStatus status = entry.account->status();
    entry.revision = entry.account->status_revision();
    entry.looked_at = now;
    entry.without_token = status.token_state != "valid";
    entry.at_rest = is_at_rest(status);
    entry.failing = is_failing(status);
    entry.expires_at = status.expires_at;
    std::string json = boost::json::serialize(account_json(status));
    if (json == entry.json) return;
    entry.json = std::move(json);
    ++version_;
}

std::shared_ptr<const std::string> Listing::body_for(Caller& caller, BootTime now) {
    const std::vector<Entry>& entries = accounts(now);
    std::uint64_t revision = broker_revision_;
    for (const Entry& entry : entries)
        revision += entry.account->access_revision();
    Caller::Usable& usable = caller.usable();
    if (usable.revision != revision) {
        usable.revision = revision;
        usable.accounts.clear();
        for (const Entry& entry : entries)
            usable.accounts.push_back(caller.may_use(*entry.account, broker_));
    }
    const std::vector<bool>& shown = usable.accounts;
    auto known = std::find_if(bodies_.begin(), bodies_.end(),
                              [&shown](const Body& body) { return body.shown == shown; });
    if (known != bodies_.end() && known->version == version_) return known->text;
    if (known != bodies_.end()) bodies_.erase(known);
    if (bodies_.size() == most_bodies) bodies_.erase(bodies_.begin());
    std::string text = R"({"accounts":[)";
    bool first = true;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (!shown[i]) continue;
        if (!std::exchange(first, false)) text += ',';
        text += entries[i].json;
    }
    text += "]}";
    bodies_.push_back({shown, version_, std::make_shared<const std::string>(std::move(text))});
    return bodies_.back().text;
}

}  // namespace tokenbroker::api
