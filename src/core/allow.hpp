#pragma once

#include "core/peer.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tokenbroker::core {

// A user or group name and what the name service made of it. Without an id (the service failed) the
// line does not match until a later resolution fills it in.
struct NamedId {
    std::string name;
    std::optional<uid_t> id;  // gid_t is the same type

    bool operator==(const NamedId&) const = default;
};

// One line of `allow` or `admin`. All members that are there must hold; `any` stands alone.
struct AllowLine {
    bool any = false;
    std::optional<NamedId> user;
    std::optional<uid_t> uid;
    std::optional<NamedId> group;
    std::optional<gid_t> gid;
    std::optional<std::string> unit;

    bool operator==(const AllowLine&) const = default;
    // As in the configuration: "{ user: invoices, unit: run.service }" or "any".
    [[nodiscard]] std::string text() const;
    // Whether a member waits for the name service.
    [[nodiscard]] bool unresolved() const;
};

// `unknown`: a unit line for a peer whose unit nobody looked up. It lets nobody in.
enum class Match { yes, no, unknown };

// One line against one peer, and why: "uid 1000 is not 1001".
struct LineMatch {
    std::string line;
    Match match;
    std::string reason;  // empty where it matches
};

// Lines are tried in order; the first that holds decides. Immutable once built, shared by many
// connections.
class AllowList {
public:
    AllowList() = default;
    explicit AllowList(std::vector<AllowLine> lines) : lines_(std::move(lines)) {}

    [[nodiscard]] const std::vector<AllowLine>& lines() const noexcept { return lines_; }
    [[nodiscard]] bool empty() const noexcept { return lines_.empty(); }
    // The first line that lets the peer in, or null. Allocates nothing.
    [[nodiscard]] const AllowLine* matching(const Peer& peer) const noexcept;
    // Whether a decision may depend on the peer's unit: host/ need not look it up where this is
    // false.
    [[nodiscard]] bool names_units() const noexcept;
    [[nodiscard]] bool unresolved() const noexcept;

    bool operator==(const AllowList&) const = default;

private:
    std::vector<AllowLine> lines_;
};

// May the peer use an account? Its own lines first, then the admins' (admins may use every
// account). No line: no.
struct Decision {
    bool allowed = false;
    bool admin = false;  // an `admin` line holds for the peer, whichever let it in
    std::string line;    // the line that let the peer in; else why none does
};
Decision decide(const AllowList& allow, const AllowList& admins, const Peer& peer);

// The hot form of the same: no text.
bool allowed(const AllowList& allow, const AllowList& admins, const Peer& peer) noexcept;

// Every line, for `tokenctl access`. `allow`'s first, the admins' after them as "admin { ... }".
std::vector<LineMatch> explain(const AllowList& allow, const AllowList& admins, const Peer& peer);

}  // namespace tokenbroker::core
