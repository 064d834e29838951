#pragma once

#include "api/caller.hpp"
#include "base/time.hpp"
#include "broker/face.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tokenbroker::api {

// What accounts show of themselves, rendered once for all who ask. What happens to an account shows
// at once; what time alone changes, or another account that shares its realm's budget, within a
// second.
class Listing {
public:
    explicit Listing(const broker::BrokerFace& broker) : broker_(broker) {}

    // One account of the list.
    struct Entry {
        broker::AccountHandle account;
        std::uint64_t revision = 0;
        BootTime looked_at;
        std::string json;
        bool without_token = false;
        bool at_rest = false;  // on demand, and nobody asks for it
        bool failing = false;
        std::optional<WallTime> expires_at;
    };
    // Good until the next call.
    [[nodiscard]] const std::vector<Entry>& accounts(BootTime now);
    // The list of those that the caller may use, as the api answers it.
    [[nodiscard]] std::shared_ptr<const std::string> body_for(Caller& caller, BootTime now);

private:
    struct Body {
        std::vector<bool> shown;
        std::uint64_t version;
        std::shared_ptr<const std::string> text;
    };
    void look(Entry& entry, BootTime now);

    const broker::BrokerFace& broker_;
    std::uint64_t broker_revision_ = 0;
    std::vector<Entry> entries_;
    std::uint64_t version_ = 0;  // of the texts
    std::vector<Body> bodies_;   // the latest, one for each set of accounts
};

}  // namespace tokenbroker::api
