#pragma once

#include "base/time.hpp"
#include "sandbox/accounts.hpp"
#include "sandbox/faults.hpp"
#include "sandbox/journal.hpp"
#include "sandbox/message.hpp"
#include "sandbox/oauth.hpp"
#include "sandbox/oz.hpp"
#include "sandbox/rossum.hpp"
#include "sandbox/served.hpp"
#include "sandbox/settings.hpp"
#include "sandbox/throttle.hpp"

#include <boost/json/object.hpp>

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tokenbroker::sandbox {

// The stand-in without its wire: requests in, answers out, time as a parameter. Vendors live under
// their own paths, the control API under /sandbox/.
class Sandbox {
public:
    // `base_path` ("" or "/prefix") is cut from each path before a vendor sees it.
    Sandbox(Settings settings, Accounts accounts, std::string base_path);

    Delivery handle(const Request& request, Moment now);
    // What is to befall a connection that has just been accepted (endpoint "connection").
    std::optional<Fault> connection_fault();

    // Called when the control API closes or opens the listener.
    std::function<void(bool open)> on_listening;
    // Called with one line for each request, for people.
    std::function<void(const std::string& line)> on_request;

private:
    // What POST /sandbox/reset makes anew.
    struct World {
        World(const Settings& start, const Accounts& accounts);
        Settings settings;
        Faults faults;
        Journal journal;
        LoginThrottle throttle;
        Rossum rossum;
        Oz oz;
        OAuth oauth;
        std::list<ServedAnswer> served;  // the newest first
    };

    Delivery control(const Request& request, Moment now);
    Response behave(const boost::json::object& wishes);
    Result<void> fulfil(std::string_view name, const boost::json::value& value);
    [[nodiscard]] std::string endpoint(const Request& request) const;
    [[nodiscard]] std::string account(std::string_view endpoint, const Request& request) const;
    Answer answer(std::string_view endpoint, const Request& request, Moment now);
    [[nodiscard]] const ServedAnswer* served(const Request& request) const;

    Settings start_;
    Accounts accounts_;
    std::string base_path_;
    std::unique_ptr<World> world_;
};

// What GET /sandbox/ says: the control API in brief.
std::string control_help();

}  // namespace tokenbroker::sandbox
