#include "api/caller.hpp"

#include <algorithm>

namespace tokenbroker::api {
namespace {

// Accounts of which one connection keeps a decision. With more of them the oldest is decided anew.
constexpr std::size_t most_standings = 64;

bool names_groups(const core::AllowList& list) {
    return std::any_of(list.lines().begin(), list.lines().end(),
                       [](const core::AllowLine& line) { return line.group || line.gid; });
}

}  // namespace

Caller::Standing& Caller::decide(Desk& desk, const broker::BrokerFace& broker) {
    Standing fresh{desk.account.get(),
                   desk.account->access_revision(),
                   broker.access_revision(),
                   may_use(*desk.account, broker),
                   nullptr,
                   0};
    // Of what could not be looked up now nothing is concluded for later: no revision is 0.
    if (short_of_means_) fresh.account_revision = 0;
    if (fresh.allowed) fresh.handouts = &desk.series->handouts[peer_.uid];
    const auto old =
        std::find_if(standings_.begin(), standings_.end(),
                     [&fresh](const Standing& known) { return known.account == fresh.account; });
    if (old != standings_.end()) {
        fresh.audited_generation = old->audited_generation;
        *old = fresh;
        return *old;
    }
    if (standings_.size() == most_standings) standings_.erase(standings_.begin());
    standings_.reserve(1);
    return standings_.emplace_back(fresh);
}

bool Caller::is_admin(const broker::BrokerFace& broker) {
    if (!admin_known_ || admin_revision_ != broker.access_revision()) {
        look_up(broker.admins(), broker.admins());
        admin_ = broker.admins().matching(peer_) != nullptr;
        admin_revision_ = broker.access_revision();
        admin_known_ = !short_of_means_;
    }
    return admin_;
}

bool Caller::may_use(const broker::AccountFace& account, const broker::BrokerFace& broker) {
    look_up(account.allow(), broker.admins());
    return core::allowed(account.allow(), broker.admins(), peer_);
}

bool Caller::may_use_any(const broker::BrokerFace& broker) {
    if (is_admin(broker)) return true;
    const auto accounts = broker.accounts();
    return std::any_of(accounts.begin(), accounts.end(),
                       [this, &broker](const broker::AccountHandle& account) {
                           return may_use(*account, broker);
                       });
}

const core::Peer& Caller::whole_peer() {
    look_up_groups();
    look_up_unit();
    return peer_;
}

void Caller::look_up(const core::AllowList& one, const core::AllowList& other) {
    if (names_groups(one) || names_groups(other)) look_up_groups();
    short_of_means_ = false;
    if (one.names_units() || other.names_units()) look_up_unit();
}

void Caller::look_up_groups() {
    if (std::exchange(groups_known_, true)) return;
    // Without its groups a peer matches fewer lines, never more.
    static_cast<void>(host::read_groups(socket_, peer_));
}

void Caller::look_up_unit() {
    short_of_means_ = false;
    if (peer_.unit_state != core::Peer::Unit::not_looked_up) return;
    host::ProcessHandle fresh;
    const host::ProcessHandle& peers = process(fresh);
    if (short_of_means_) return;
    if (peer_.pid > 0 && !peers) {
        peer_.unit_state = core::Peer::Unit::failed;
        peer_.unit_reason = "its process can't be told from a later one of the same pid";
        return;
    }
    host::look_up_unit(peers, peer_);
    short_of_means_ = peer_.unit_state == core::Peer::Unit::not_looked_up;
}

const host::ProcessHandle& Caller::process(host::ProcessHandle& fresh) {
    if (!host::kernel_names_processes()) {
        if (held_ && !host::is_the_peer(held_, peer_, accepted_)) held_ = {};
        return held_;
    }
    // Not kept: it is a descriptor for each connection, and can be had again.
    if (auto handle = host::peer_process(socket_)) {
        fresh = std::move(*handle);
    } else {
        short_of_means_ = host::is_shortage(handle.error().error_number());
    }
    return fresh;
}

void Caller::audit(Logger& log, const std::string& account, std::uint64_t generation) {
    look_up_unit();
    host::ProcessHandle fresh;
    const host::ProcessHandle& peers = process(fresh);
    const auto executable = peers ? host::executable_of(peers, peer_.pid) : std::nullopt;
    log.info("token_handed_out", "a peer got the token",
             {{"account", account},
              {"generation", generation},
              {"uid", peer_.uid},
              {"gid", peer_.gid},
              {"pid", static_cast<long>(peer_.pid)},
              {"unit", peer_.unit},
              {"exe", executable.value_or("")}});
}

}  // namespace tokenbroker::api
