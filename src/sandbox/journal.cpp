#include "sandbox/journal.hpp"

#include <boost/json/array.hpp>

namespace tokenbroker::sandbox {

namespace json = boost::json;

namespace {

json::object& child(json::object& parent, std::string_view name) {
    json::value& place = parent[name];
    if (!place.is_object()) place.emplace_object();
    return place.get_object();
}

void increment(json::object& count, std::string_view name) {
    json::value& place = count[name];
    place = place.is_int64() ? place.get_int64() + 1 : 1;
}

void add(json::object& count, Outcome outcome, WallTime at) {
    if (count.empty()) {
        for (const std::string_view name : {"requests", "ok", "refused", "throttled", "failed"})
            count[name] = 0;
        count["at"].emplace_array();
    }
    increment(count, "requests");
    increment(count, name_of(outcome));
    count["at"].get_array().emplace_back(unix_seconds(at));
}

}  // namespace

double unix_seconds(WallTime time) {
    return static_cast<double>(time.time_since_epoch().count()) / 1000.0;
}

void Journal::record(std::string_view endpoint, std::string_view account, Outcome outcome,
                     int status, std::string_view retry_after, Moment now) {
    entries_.push_back(Entry{std::string(endpoint), std::string(account), outcome, status,
                             std::string(retry_after), now});
    if (entries_.size() > most) entries_.pop_front();
}

json::object Journal::counts() const {
    json::object endpoints;
    json::object accounts;
    for (const Entry& entry : entries_) {
        add(child(endpoints, entry.endpoint), entry.outcome, entry.at.wall);
        if (!entry.account.empty()) {
            add(child(child(accounts, entry.account), entry.endpoint), entry.outcome,
                entry.at.wall);
        }
    }
    json::object all;
    all["endpoints"] = std::move(endpoints);
    all["accounts"] = std::move(accounts);
    return all;
}

json::object Journal::events() const {
    json::array list;
    for (const Entry& entry : entries_) {
        json::object event;
        event["at"] = unix_seconds(entry.at.wall);
        event["steady"] = static_cast<double>(entry.at.boot.time_since_epoch().count()) / 1000.0;
        event["endpoint"] = entry.endpoint;
        event["account"] = entry.account;
        event["outcome"] = name_of(entry.outcome);
        event["status"] = entry.status;
        if (!entry.retry_after.empty()) event["retry_after"] = entry.retry_after;
        list.emplace_back(std::move(event));
    }
    json::object all;
    all["events"] = std::move(list);
    return all;
}

}  // namespace tokenbroker::sandbox
