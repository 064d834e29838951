#pragma once

#include "base/time.hpp"
#include "sandbox/message.hpp"
#include "sandbox/rossum_directory.hpp"
#include "sandbox/settings.hpp"
#include "sandbox/throttle.hpp"

#include <map>
#include <string>
#include <string_view>
#include <variant>

namespace tokenbroker::sandbox {

// Plays the Rossum API's authentication, as its reference describes it: /api/v1/... and the
// deprecated /v1/...
class Rossum {
public:
    Rossum(const Settings& settings, LoginThrottle& throttle)
        : settings_(settings), throttle_(throttle), directory_(settings) {}

    [[nodiscard]] RossumDirectory& directory() { return directory_; }

    // "rossum.login" and so on; empty: no path of this vendor.
    [[nodiscard]] static std::string endpoint(const Request& request);
    // Who asks: the user name in a login, else the owner of the token. Empty: nobody known.
    [[nodiscard]] std::string account(std::string_view endpoint, const Request& request) const;
    Answer answer(std::string_view endpoint, const Request& request, Moment now);

    // Ends one token, or with "all" every one.
    void revoke(std::string_view token);

private:
    struct Token {
        std::string user;
        BootTime issued;
        Milliseconds lifetime;
        bool one_time = false;
        std::string parent;  // the token it was exchanged for
    };
    using Tokens = std::map<std::string, Token, std::less<>>;

    Answer login(const Request& request, Moment now);
    Response exchange(Tokens::iterator token, const Request& request, Moment now);
    Response logout(Tokens::iterator token);
    // The live token that the request carries, or why not.
    std::variant<Tokens::iterator, Response> authenticate(const Request& request, Moment now);
    [[nodiscard]] bool alive(const Token& token, BootTime now) const;
    std::string issue(Token token);
    Response key_answer(const std::string& key, const Request& request) const;

    const Settings& settings_;
    LoginThrottle& throttle_;
    RossumDirectory directory_;
    Tokens tokens_;
    std::map<std::string, Window> rate_;
};

}  // namespace tokenbroker::sandbox
