#pragma once

#include "base/time.hpp"
#include "sandbox/message.hpp"
#include "sandbox/oz_directory.hpp"
#include "sandbox/settings.hpp"
#include "sandbox/throttle.hpp"

#include <list>
#include <string>
#include <string_view>
#include <variant>

namespace tokenbroker::sandbox {

// Plays the Oz API's authentication, generation 6 or 5: sessions that slide or not, pairs of tokens
// whose old one dies at the first use of the new one, and its error table.
class Oz {
public:
    Oz(const Settings& settings, LoginThrottle& throttle)
        : settings_(settings), throttle_(throttle), directory_(settings) {}

    [[nodiscard]] OzDirectory& directory() { return directory_; }

    // "oz.login" and so on; empty: no path of this vendor.
    [[nodiscard]] static std::string endpoint(const Request& request);
    [[nodiscard]] std::string account(std::string_view endpoint, const Request& request) const;
    Answer answer(std::string_view endpoint, const Request& request, Moment now);

    // By access token, or "all". Revoked: it never was (error 7). Expired: it is over (error 8).
    void revoke(std::string_view token);
    void expire(std::string_view token);

private:
    struct Session {
        std::string token_id;
        std::string user_id;
        std::string access_token;
        std::string expire_token;
        std::string replaces;  // the access token of the pair that dies when this one is used
        Moment expires;
    };
    using Sessions = std::list<Session>;

    Answer login(const Request& request, Moment now);
    Response refresh(const Request& request, Moment now);
    Response service_token(const OzUser& by, const Request& request, Moment now);
    // The session whose token the request carries, extended by this use, or why not.
    std::variant<Sessions::iterator, Response> authenticate(const Request& request, Moment now);
    void end_replaced(Session& renewed);
    Sessions::iterator find(std::string_view access_token);
    Session& open(const OzUser& user, Moment now);
    [[nodiscard]] Milliseconds ttl(const OzUser& user) const;
    [[nodiscard]] boost::json::object shown(const Session& session, bool with_expire_token) const;

    const Settings& settings_;
    LoginThrottle& throttle_;
    OzDirectory directory_;
    Sessions sessions_;
};

}  // namespace tokenbroker::sandbox
