#pragma once

#include "api/desk.hpp"
#include "base/log.hpp"
#include "broker/face.hpp"
#include "core/allow.hpp"
#include "core/peer.hpp"
#include "host/peer.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tokenbroker::api {

// The peer of one connection and what it may do. Each question is decided once for a connection, an
// account and a configuration.
class Caller {
public:
    // What was decided about one account.
    struct Standing {
        const broker::AccountFace* account;
        std::uint64_t account_revision;
        std::uint64_t broker_revision;
        bool allowed;
        std::uint64_t* handouts;           // the counter of this account and uid
        std::uint64_t audited_generation;  // of the last hand-out that was logged; 0: none
    };

    // Of all accounts, in their order, which it may use; for Listing, which fills it in.
    struct Usable {
        std::uint64_t revision = 0;
        std::vector<bool> accounts;
    };

    // `socket` stays open while this lives. `held` is needed on kernels before 6.5 alone.
    Caller(core::Peer peer, int socket, host::ProcessHandle held, BootTime accepted)
        : peer_(std::move(peer)), socket_(socket), held_(std::move(held)), accepted_(accepted) {}

    // Good until the next call.
    [[nodiscard]] Standing& standing(Desk& desk, const broker::BrokerFace& broker) {
        for (Standing& known : standings_) {
            if (known.account != desk.account.get()) continue;
            if (known.account_revision == desk.account->access_revision() &&
                known.broker_revision == broker.access_revision()) {
                return known;
            }
        }
        return decide(desk, broker);
    }
    [[nodiscard]] bool is_admin(const broker::BrokerFace& broker);
    // Whether there is any account that it may use.
    [[nodiscard]] bool may_use_any(const broker::BrokerFace& broker);
    [[nodiscard]] bool may_use(const broker::AccountFace& account,
                               const broker::BrokerFace& broker);

    [[nodiscard]] Usable& usable() noexcept { return usable_; }

    [[nodiscard]] uid_t uid() const noexcept { return peer_.uid; }
    // With groups and unit.
    [[nodiscard]] const core::Peer& whole_peer();
    // One line for this hand-out.
    void audit(Logger& log, const std::string& account, std::uint64_t generation);

private:
    Standing& decide(Desk& desk, const broker::BrokerFace& broker);
    void look_up(const core::AllowList& one, const core::AllowList& other);
    void look_up_groups();
    void look_up_unit();
    // The peer's process for sure, or none; in `fresh` or kept.
    [[nodiscard]] const host::ProcessHandle& process(host::ProcessHandle& fresh);

    core::Peer peer_;
    int socket_;
    host::ProcessHandle held_;
    BootTime accepted_;
    std::vector<Standing> standings_;
    Usable usable_;
    std::uint64_t admin_revision_ = 0;
    bool admin_known_ = false;
    bool admin_ = false;
    bool groups_known_ = false;
    bool short_of_means_ = false;  // of descriptors or memory, for the last decision
};

}  // namespace tokenbroker::api
