#pragma once

#include "sandbox/message.hpp"
#include "sandbox/settings.hpp"

#include <boost/json/object.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker::sandbox {

struct RossumUser {
    int id = 0;
    std::string username;
    std::string password;
    std::string email;
    std::string first_name;
    std::string last_name;
    std::string auth_type = "password";
    int organization = 1234;
    std::vector<int> groups;
    bool is_active = true;

    [[nodiscard]] bool admin() const;
    // As the API shows it; `api` is "https://host/api/v1".
    [[nodiscard]] boost::json::object shown(const std::string& api) const;
};

// The organizations, roles and users behind a Rossum API: what an administrator asks and changes.
class RossumDirectory {
public:
    explicit RossumDirectory(const Settings& settings) : settings_(settings) {}

    RossumUser& add(const std::string& username, const std::string& password, bool admin);
    [[nodiscard]] RossumUser* find(std::string_view username);

    [[nodiscard]] Response organizations(const Request& request, const std::string& api) const;
    [[nodiscard]] Response organization(std::string_view id, const std::string& api) const;
    [[nodiscard]] Response groups(const Request& request, const std::string& api) const;
    // POST /users by an administrator.
    Response create_user(const RossumUser& by, const Request& request, const std::string& api);

private:
    [[nodiscard]] boost::json::object organization_shown(int id, const std::string& api) const;
    [[nodiscard]] Response page(const Request& request, const std::string& url,
                                const boost::json::array& all) const;

    const Settings& settings_;
    std::map<std::string, RossumUser, std::less<>> users_;
    int next_id_ = 10501;
};

// DRF's words for each rule of the vendor that a new user's password breaks; empty: none.
std::vector<std::string> rossum_password_mistakes(std::string_view password,
                                                  std::string_view username);

}  // namespace tokenbroker::sandbox
