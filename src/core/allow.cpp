#include "core/allow.hpp"

#include <algorithm>

namespace tokenbroker::core {
namespace {

bool in_group(const Peer& peer, gid_t gid) noexcept {
    return peer.gid == gid ||
           std::find(peer.groups.begin(), peer.groups.end(), gid) != peer.groups.end();
}

Match unit_match(const Peer& peer, const std::string& unit) noexcept {
    if (peer.unit_state == Peer::Unit::not_looked_up) return Match::unknown;
    return peer.unit_state == Peer::Unit::known && peer.unit == unit ? Match::yes : Match::no;
}

// A line without members can't be configured; were it made, it lets nobody in.
bool has_members(const AllowLine& line) noexcept {
    return line.user || line.uid || line.group || line.gid || line.unit;
}

bool ids_match(const AllowLine& line, const Peer& peer) noexcept {
    if (line.user && (!line.user->id || *line.user->id != peer.uid)) return false;
    if (line.uid && *line.uid != peer.uid) return false;
    if (line.group && (!line.group->id || !in_group(peer, *line.group->id))) return false;
    return !line.gid || in_group(peer, *line.gid);
}

Match match(const AllowLine& line, const Peer& peer) noexcept {
    if (line.any) return Match::yes;
    if (!has_members(line) || !ids_match(line, peer)) return Match::no;
    return line.unit ? unit_match(peer, *line.unit) : Match::yes;
}

std::string unit_reason(const Peer& peer, const std::string& unit) {
    switch (peer.unit_state) {
        case Peer::Unit::known:
            return "the peer's unit is " + peer.unit + ", not " + unit;
        case Peer::Unit::none:
            return "the peer is in no unit of the system manager";
        case Peer::Unit::failed:
            return "the peer's unit can't be told" +
                   (peer.unit_reason.empty() ? std::string() : ": " + peer.unit_reason);
        case Peer::Unit::not_looked_up:
            break;
    }
    return "the unit of a bare uid is unknown";
}

std::string reason(const AllowLine& line, const Peer& peer) {
    const std::string uid = std::to_string(peer.uid);
    if (!has_members(line)) return "the line names nobody";
    for (const auto* named : {&line.user, &line.group}) {
        if (*named && !(*named)->id)
            return "the name service has not answered for " + (*named)->name;
    }
    if (line.user && *line.user->id != peer.uid) return "uid " + uid + " is not " + line.user->name;
    if (line.uid && *line.uid != peer.uid)
        return "uid " + uid + " is not " + std::to_string(*line.uid);
    if (line.group && !in_group(peer, *line.group->id))
        return "uid " + uid + " is not in group " + line.group->name;
    if (line.gid && !in_group(peer, *line.gid))
        return "uid " + uid + " is not in group " + std::to_string(*line.gid);
    return unit_reason(peer, line.unit.value_or(std::string()));
}

void explain_lines(std::vector<LineMatch>& all, const AllowList& list, const Peer& peer,
                   const std::string& prefix) {
    for (const AllowLine& line : list.lines()) {
        const Match found = match(line, peer);
        all.push_back({prefix + line.text(), found,
                       found == Match::yes ? std::string() : reason(line, peer)});
    }
}

}  // namespace

std::string AllowLine::text() const {
    if (any) return "any";
    std::string members;
    const auto add = [&members](const std::string& key, const std::string& value) {
        members += (members.empty() ? "" : ", ") + key + ": " + value;
    };
    if (user) add("user", user->name);
    if (uid) add("uid", std::to_string(*uid));
    if (group) add("group", group->name);
    if (gid) add("gid", std::to_string(*gid));
    if (unit) add("unit", *unit);
    return "{ " + members + " }";
}

bool AllowLine::unresolved() const {
    return (user && !user->id) || (group && !group->id);
}

const AllowLine* AllowList::matching(const Peer& peer) const noexcept {
    for (const AllowLine& line : lines_) {
        if (match(line, peer) == Match::yes) return &line;
    }
    return nullptr;
}

bool AllowList::names_units() const noexcept {
    return std::any_of(lines_.begin(), lines_.end(),
                       [](const AllowLine& line) { return line.unit.has_value(); });
}

bool AllowList::unresolved() const noexcept {
    return std::any_of(lines_.begin(), lines_.end(),
                       [](const AllowLine& line) { return line.unresolved(); });
}

Decision decide(const AllowList& allow, const AllowList& admins, const Peer& peer) {
    if (const AllowLine* line = allow.matching(peer)) {
        return {true, admins.matching(peer) != nullptr, line->text()};
    }
    if (const AllowLine* line = admins.matching(peer)) return {true, true, "admin " + line->text()};
    if (allow.empty())
        return {false, false, "the account has no allow line: only admins may use it"};
    const auto lines = explain(allow, AllowList(), peer);
    if (lines.size() == 1)
        return {false, false, lines.front().line + " does not hold: " + lines.front().reason};
    return {false, false,
            "none of the account's " + std::to_string(lines.size()) + " allow lines holds"};
}

bool allowed(const AllowList& allow, const AllowList& admins, const Peer& peer) noexcept {
    return allow.matching(peer) != nullptr || admins.matching(peer) != nullptr;
}

std::vector<LineMatch> explain(const AllowList& allow, const AllowList& admins, const Peer& peer) {
    std::vector<LineMatch> all;
    explain_lines(all, allow, peer, "");
    explain_lines(all, admins, peer, "admin ");
    return all;
}

}  // namespace tokenbroker::core
