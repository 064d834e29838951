#pragma once

#include "base/time.hpp"
#include "sandbox/message.hpp"
#include "sandbox/settings.hpp"
#include "sandbox/throttle.hpp"

#include <boost/json/object.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tokenbroker::sandbox {

// Plays an OAuth 2.0 authorization server's token endpoint (RFC 6749, sections 4.3, 4.4 and 6) at
// /oauth2/token, and a protected resource at /oauth2/userinfo.
class OAuth {
public:
    OAuth(const Settings& settings, LoginThrottle& throttle)
        : settings_(settings), throttle_(throttle) {}

    void add_client(const std::string& id, const std::string& secret) {
        clients_.insert_or_assign(id, secret);
    }
    void add_user(const std::string& name, const std::string& password) {
        users_.insert_or_assign(name, password);
    }
    // A first refresh token of a user, as if somebody had consented in a browser.
    void add_refresh_token(const std::string& token, const std::string& user,
                           const std::string& client);
    bool set_password(std::string_view name, const std::string& password);

    // "oauth.token", "oauth.userinfo"; empty: no path of this vendor.
    [[nodiscard]] static std::string endpoint(const Request& request);
    // The user, or where there is none the client.
    [[nodiscard]] std::string account(std::string_view endpoint, const Request& request) const;
    Answer answer(std::string_view endpoint, const Request& request, Moment now);

    // An access or refresh token, or "all" access tokens.
    void revoke(std::string_view token);

private:
    using Fields = std::map<std::string, std::string, std::less<>>;
    struct Token {
        std::string subject;
        std::string client;
        std::string scope;
        BootTime expires;
    };
    using Tokens = std::map<std::string, Token, std::less<>>;

    Answer token(const Request& request, Moment now);
    Response grant(const Fields& fields, const std::string& client, Moment now);
    Response refresh(const Fields& fields, const std::string& client, Moment now);
    Response issue(const Token& token, bool with_refresh_token, Moment now);
    Response userinfo(const Request& request, Moment now) const;
    // The authenticated client, or none.
    [[nodiscard]] std::optional<std::string> client_of(const Request& request,
                                                       const Fields& fields) const;
    [[nodiscard]] bool scope_allowed(std::string_view scope) const;

    const Settings& settings_;
    LoginThrottle& throttle_;
    std::map<std::string, std::string, std::less<>> clients_;
    std::map<std::string, std::string, std::less<>> users_;
    Tokens access_tokens_;
    Tokens refresh_tokens_;
};

}  // namespace tokenbroker::sandbox
