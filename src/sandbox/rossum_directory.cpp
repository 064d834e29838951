#include "sandbox/rossum_directory.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <ranges>

namespace tokenbroker::sandbox {

namespace json = boost::json;

namespace {

constexpr int first_organization = 1234;

struct Group {
    int id;
    std::string_view name;
};
constexpr std::array groups_of_all{
    Group{1, "viewer"},  Group{2, "annotator"},         Group{3, "admin"},
    Group{4, "manager"}, Group{5, "annotator_limited"}, Group{6, "organization_group_admin"},
    Group{7, "approver"}};

int number_of(std::string_view text, int otherwise) {
    int number = otherwise;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    return failure == std::errc() && end == text.data() + text.size() ? number : otherwise;
}

// The id at the end of "https://host/api/v1/KIND/ID"; 0 where the URL is another one.
int id_in(std::string_view url, const std::string& folder) {
    return url.starts_with(folder) ? number_of(url.substr(folder.size()), 0) : 0;
}

std::string lower(std::string_view text) {
    std::string lowered(text);
    for (char& letter : lowered)
        letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    return lowered;
}

}  // namespace

bool RossumUser::admin() const {
    return std::ranges::find(groups, 3) != groups.end();
}

json::object RossumUser::shown(const std::string& api) const {
    json::array group_urls;
    for (const int group : groups)
        group_urls.emplace_back(api + "/groups/" + std::to_string(group));
    json::object user;
    user["id"] = id;
    user["url"] = api + "/users/" + std::to_string(id);
    user["first_name"] = first_name;
    user["last_name"] = last_name;
    user["email"] = email;
    user["username"] = username;
    user["groups"] = std::move(group_urls);
    user["organization"] = api + "/organizations/" + std::to_string(organization);
    user["queues"] = json::array();
    user["is_active"] = is_active;
    user["auth_type"] = auth_type;
    return user;
}

std::vector<std::string> rossum_password_mistakes(std::string_view password,
                                                  std::string_view username) {
    std::vector<std::string> mistakes;
    if (password.size() < 12) {
        mistakes.emplace_back(
            "This password is too short. It must contain at least 12 characters.");
    }
    if (password.size() > 64) {
        mistakes.emplace_back("This password is too long. It must contain at most 64 characters.");
    }
    const std::string name = lower(username.substr(0, username.find('@')));
    if (name.size() >= 4 && lower(password).find(name) != std::string::npos) {
        mistakes.emplace_back("The password is too similar to the username.");
    }
    const auto all = [&](auto predicate) { return std::ranges::all_of(password, predicate); };
    if (all([](unsigned char letter) { return std::isdigit(letter) != 0; })) {
        mistakes.emplace_back("This password is entirely numeric.");
    }
    // The vendor names a complexity check without its rule: two kinds of characters are asked for
    // here.
    if (all([](unsigned char letter) { return std::islower(letter) != 0; }) ||
        all([](unsigned char letter) { return std::isupper(letter) != 0; })) {
        mistakes.emplace_back("This password is not complex enough.");
    }
    for (const std::string_view common :
         {"password1234", "123456789012", "qwertyuiop12", "administrator1"}) {
        if (lower(password) == common) mistakes.emplace_back("This password is too common.");
    }
    return mistakes;
}

RossumUser& RossumDirectory::add(const std::string& username, const std::string& password,
                                 bool admin) {
    RossumUser& user = users_[username];
    if (user.id == 0) user.id = next_id_++;
    user.username = username;
    user.password = password;
    user.groups = {admin ? 3 : 2};
    return user;
}

RossumUser* RossumDirectory::find(std::string_view username) {
    const auto found = users_.find(username);
    return found == users_.end() ? nullptr : &found->second;
}

json::object RossumDirectory::organization_shown(int id, const std::string& api) const {
    json::object organization;
    organization["id"] = id;
    organization["url"] = api + "/organizations/" + std::to_string(id);
    organization["name"] =
        id == first_organization ? "East West Trading Co" : "Organization " + std::to_string(id);
    organization["workspaces"] = json::array();
    organization["users"] = json::array();
    organization["organization_group"] = api + "/organization_groups/42";
    organization["is_trial"] = false;
    return organization;
}

Response RossumDirectory::page(const Request& request, const std::string& url,
                               const json::array& all) const {
    auto query = Request::form(request.query);
    const int size =
        std::clamp(query.contains("page_size") ? number_of(query["page_size"], 20) : 20, 1, 100);
    const int number = query.contains("page") ? number_of(query["page"], 0) : 1;
    const int count = static_cast<int>(all.size());
    const int pages = std::max(1, (count + size - 1) / size);
    if (number < 1 || number > pages)
        return json_response(404, json::object{{"detail", "Invalid page."}});

    const auto link = [&](int other) {
        return json::value(url + "?page_size=" + std::to_string(size) +
                           "&page=" + std::to_string(other));
    };
    json::object pagination;
    if (settings_.rossum_totals) {
        pagination["total"] = count;
        pagination["total_pages"] = pages;
    }
    pagination["next"] = number < pages ? link(number + 1) : json::value(nullptr);
    pagination["previous"] = number > 1 ? link(number - 1) : json::value(nullptr);
    json::array results;
    for (int at = (number - 1) * size; at < std::min(count, number * size); ++at) {
        results.push_back(all[static_cast<std::size_t>(at)]);
    }
    json::object body;
    body["pagination"] = std::move(pagination);
    body["results"] = std::move(results);
    return json_response(200, body);
}

Response RossumDirectory::organizations(const Request& request, const std::string& api) const {
    json::array all;
    for (int id = first_organization;
         id < first_organization + static_cast<int>(settings_.rossum_organizations); ++id) {
        all.push_back(organization_shown(id, api));
    }
    return page(request, api + "/organizations", all);
}

Response RossumDirectory::organization(std::string_view id, const std::string& api) const {
    const int number = number_of(id, 0);
    if (number < first_organization ||
        number >= first_organization + static_cast<int>(settings_.rossum_organizations)) {
        return json_response(404, json::object{{"detail", "Not found."}});
    }
    return json_response(200, organization_shown(number, api));
}

Response RossumDirectory::groups(const Request& request, const std::string& api) const {
    auto query = Request::form(request.query);
    json::array all;
    for (const Group& group : groups_of_all) {
        if (query.contains("name") && query["name"] != group.name) continue;
        json::object shown;
        shown["id"] = group.id;
        shown["url"] = api + "/groups/" + std::to_string(group.id);
        shown["name"] = group.name;
        all.push_back(std::move(shown));
    }
    return page(request, api + "/groups", all);
}

Response RossumDirectory::create_user(const RossumUser& by, const Request& request,
                                      const std::string& api) {
    if (!by.admin()) {
        return json_response(
            403, json::object{{"detail", "You do not have permission to perform this action."}});
    }
    const auto body = request.members();
    if (!body)
        return json_response(400, json::object{{"detail", "JSON parse error - not an object"}});

    json::object mistakes;
    const auto complain = [&](std::string_view field, std::string_view text) {
        json::value& list = mistakes[field];
        if (!list.is_array()) list.emplace_array();
        list.get_array().emplace_back(text);
    };
    RossumUser user;
    user.username = text_member(*body, "username");
    user.password = text_member(*body, "password");
    user.email = text_member(*body, "email");
    user.first_name = text_member(*body, "first_name");
    user.last_name = text_member(*body, "last_name");
    for (const std::string_view field : {"organization", "username"}) {
        if (!body->contains(field)) complain(field, "This field is required.");
    }
    if (body->contains("username") && user.username.empty())
        complain("username", "This field may not be blank.");
    if (users_.contains(user.username))
        complain("username", "A user with that username already exists.");
    user.organization = id_in(text_member(*body, "organization"), api + "/organizations/");
    if (body->contains("organization") &&
        organization(std::to_string(user.organization), api).status != 200) {
        complain("organization", "Invalid hyperlink - Object does not exist.");
    }
    if (body->contains("password")) {
        for (const std::string& text : rossum_password_mistakes(user.password, user.username))
            complain("password", text);
    }
    if (const json::value* groups = body->if_contains("groups");
        groups != nullptr && groups->is_array()) {
        for (const json::value& url : groups->get_array()) {
            const int group = url.is_string() ? id_in(url.get_string(), api + "/groups/") : 0;
            if (std::ranges::find(groups_of_all, group, &Group::id) == groups_of_all.end()) {
                complain("groups", "Invalid hyperlink - Object does not exist.");
            }
            user.groups.push_back(group);
        }
    }
    if (!mistakes.empty()) return json_response(400, mistakes);
    user.id = next_id_++;
    const json::object shown = user.shown(api);
    users_.insert_or_assign(user.username, user);
    return json_response(201, shown);
}

}  // namespace tokenbroker::sandbox
