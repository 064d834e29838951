#pragma once

#include "base/error.hpp"

#include <string>
#include <sys/types.h>
#include <vector>

// Users and groups, as the name services know them. Every function may block for long (LDAP): call
// it by async::Offload. Errors: not_found, no service knows the name; unavailable, a service
// failed, ask again.
namespace tokenbroker::host {

struct User {
    std::string name;
    uid_t uid = 0;
    gid_t gid = 0;
};
struct Group {
    std::string name;
    gid_t gid = 0;
};

Result<User> find_user(const std::string& name);
Result<User> find_user(uid_t uid);
Result<Group> find_group(const std::string& name);
Result<Group> find_group(gid_t gid);
// The supplementary groups that a login of this user would have, the primary one not among them.
Result<std::vector<gid_t>> groups_of(const User& user);

}  // namespace tokenbroker::host
