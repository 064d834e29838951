#pragma once

#include "base/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker::sandbox {

// Who can log in. Test data: the passwords are no secrets.
struct Accounts {
    struct Login {
        std::string name;
        std::string password;
        std::string kind;  // Rossum: user, admin, sso; Oz: the user_type; OAuth: unused
        std::string id;    // Oz: the user_id; empty: made up
    };
    struct RefreshToken {
        std::string token;
        std::string user;
        std::string client;
    };
    std::vector<Login> rossum;
    std::vector<Login> oz;
    std::vector<Login> oauth_clients;
    std::vector<Login> oauth_users;
    std::vector<RefreshToken> oauth_refresh_tokens;

    // Those that --help and docs/sandbox.md name.
    static Accounts defaults();
    // "NAME:PASSWORD", as a Rossum user, an Oz service user and an OAuth user at once.
    Result<void> add_user(std::string_view pair);
    // "ID:SECRET"
    Result<void> add_client(std::string_view pair);
    // Those of a JSON file's text:
    // { "rossum": [ { "username", "password", "kind" } ], "oz": [ { "email", "password",
    // "user_type", "user_id" } ],
    //   "oauth": { "clients": [ { "client_id", "client_secret" } ], "users": [ { "username",
    //   "password" } ],
    //              "refresh_tokens": [ { "token", "username", "client_id" } ] } }
    Result<void> add_json(std::string_view text);
};

}  // namespace tokenbroker::sandbox
