#include "sandbox/oz_directory.hpp"

#include <algorithm>
#include <array>

namespace tokenbroker::sandbox {

namespace json = boost::json;

namespace {

std::string new_id() {
    const std::string digits = random_text("0123456789abcdef", 32);
    std::string id;
    for (std::size_t at = 0; at < digits.size(); ++at) {
        if (at == 8 || at == 12 || at == 16 || at == 20) id.push_back('-');
        id.push_back(digits[at]);
    }
    return id;
}

bool flag(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value != nullptr && value->is_bool() && value->get_bool();
}

// Whether this generation of the API knows a profile's member. The real one may ignore what it does
// not know; a stand-in that did would let a wrong generation pass unseen.
bool known_member(std::string_view name, const std::string& api) {
    constexpr std::array always{"company_id", "user_type", "first_name", "last_name",
                                "middle_name"};
    if (std::ranges::find(always, name) != always.end()) return true;
    if (api == "6") return name.starts_with("can_start_analysis_");
    return name.starts_with("can_start_analyse_") || name == "is_service" || name == "is_admin";
}

}  // namespace

Response oz_error(int status, int code, std::string_view message) {
    json::object body;
    body["error_code"] = code;
    body["error_message"] = message;
    body["details"] = nullptr;
    return json_response(status, body);
}

Response not_located(std::string_view key) {
    return oz_error(
        400, 3,
        "Could not locate field for key_path " + std::string(key) + " from provided dict data");
}

json::object OzUser::shown() const {
    json::object user = profile;
    user["user_id"] = user_id;
    user["user_type"] = user_type;
    user["email"] = email;
    user["company_id"] = company_id.empty() ? json::value(nullptr) : json::value(company_id);
    user["is_active"] = true;
    user["is_admin"] = is_admin;
    user["is_service"] = long_lived();
    return user;
}

OzDirectory::OzDirectory(const Settings& settings) : settings_(settings) {
    companies_.insert_or_assign("11111111-2222-3333-4444-555555555555", "sandbox");
}

OzUser& OzDirectory::add(const std::string& email, const std::string& password,
                         const std::string& user_type) {
    OzUser& user = users_[email];
    if (user.user_id.empty()) user.user_id = new_id();
    user.email = email;
    user.password = password;
    user.user_type = user_type;
    user.company_id = companies_.begin()->first;
    return user;
}

OzUser* OzDirectory::find(std::string_view email) {
    const auto found = users_.find(email);
    return found == users_.end() ? nullptr : &found->second;
}

const OzUser* OzDirectory::find_id(std::string_view user_id) const {
    const auto found = std::ranges::find_if(
        users_, [&](const auto& entry) { return entry.second.user_id == user_id; });
    return found == users_.end() ? nullptr : &found->second;
}

Response OzDirectory::create_company(const OzUser& by, const Request& request) {
    if (by.user_type != "ADMIN") return oz_error(403, 9, "Access denied for the current user.");
    const auto body = request.members();
    if (!body || text_member(*body, "name").empty()) return not_located("name");
    const std::string name = text_member(*body, "name");
    const auto taken =
        std::ranges::find_if(companies_, [&](const auto& entry) { return entry.second == name; });
    if (taken != companies_.end()) return oz_error(400, 13, "Company already exists");

    const std::string id = new_id();
    companies_.insert_or_assign(id, name);
    json::object company;
    company["company_id"] = id;
    company["name"] = name;
    company["in_deletion"] = false;
    company["technical_meta_data"] = json::object();
    return json_response(201, company);
}

Response OzDirectory::create_user(const OzUser& by, const Request& request) {
    if (by.user_type != "ADMIN") return oz_error(403, 9, "Access denied for the current user.");
    const auto body = request.members();
    const json::value* credentials = body ? body->if_contains("credentials") : nullptr;
    const json::value* profile = body ? body->if_contains("profile") : nullptr;
    if (credentials == nullptr || !credentials->is_object()) return not_located("credentials");
    if (profile == nullptr || !profile->is_object()) return not_located("profile");

    OzUser user;
    user.user_id = new_id();
    user.email = text_member(credentials->get_object(), "email");
    user.password = text_member(credentials->get_object(), "password");
    user.profile = profile->get_object();
    user.user_type = text_member(user.profile, "user_type");
    user.company_id = text_member(user.profile, "company_id");
    user.is_service = flag(user.profile, "is_service");
    user.is_admin = flag(user.profile, "is_admin");
    if (user.email.empty()) return not_located("credentials.email");
    if (user.password.empty()) return not_located("credentials.password");
    for (const auto& [name, value] : user.profile) {
        if (!known_member(name, settings_.oz_api))
            return oz_error(400, 4, "Unknown field profile." + std::string(name));
        if (name.starts_with("can_") && !value.is_bool())
            return oz_error(400, 5, "Invalid type of profile." + std::string(name));
    }
    const auto types =
        settings_.oz_api == "6"
            ? std::vector<std::string_view>{"ADMIN",        "OPERATOR",        "CLIENT",
                                            "CLIENT_ADMIN", "CLIENT_OPERATOR", "CLIENT_SERVICE"}
            : std::vector<std::string_view>{"ADMIN", "OPERATOR", "CLIENT"};
    if (std::ranges::find(types, user.user_type) == types.end())
        return oz_error(400, 4, "Invalid value of profile.user_type");
    if (user.user_type.starts_with("CLIENT") && !companies_.contains(user.company_id)) {
        return oz_error(400, 10, "Company does not exist");
    }
    if (users_.contains(user.email)) return oz_error(400, 13, "User already exists");
    const json::object shown = user.shown();
    users_.insert_or_assign(user.email, user);
    return json_response(201, shown);
}

}  // namespace tokenbroker::sandbox
