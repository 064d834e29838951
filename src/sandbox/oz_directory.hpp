#pragma once

#include "sandbox/message.hpp"
#include "sandbox/settings.hpp"

#include <boost/json/object.hpp>

#include <map>
#include <string>
#include <string_view>

namespace tokenbroker::sandbox {

struct OzUser {
    std::string user_id;
    std::string email;
    std::string password;
    std::string user_type;  // ADMIN, CLIENT, CLIENT_SERVICE, ...
    std::string company_id;
    bool is_service = false;
    bool is_admin = false;
    boost::json::object profile;  // as it was given

    [[nodiscard]] bool long_lived() const { return is_service || user_type == "CLIENT_SERVICE"; }
    [[nodiscard]] boost::json::object shown() const;
};

// {"error_code", "error_message", "details": null}
Response oz_error(int status, int code, std::string_view message);
// 400: a member that has to be there is not.
Response not_located(std::string_view key);

// The companies and users behind an Oz API.
class OzDirectory {
public:
    explicit OzDirectory(const Settings& settings);

    OzUser& add(const std::string& email, const std::string& password,
                const std::string& user_type);
    [[nodiscard]] OzUser* find(std::string_view email);
    [[nodiscard]] const OzUser* find_id(std::string_view user_id) const;

    // POST by an ADMIN.
    Response create_company(const OzUser& by, const Request& request);
    Response create_user(const OzUser& by, const Request& request);

private:
    const Settings& settings_;
    std::map<std::string, OzUser, std::less<>> users_;
    std::map<std::string, std::string, std::less<>> companies_;  // by id
};

}  // namespace tokenbroker::sandbox
