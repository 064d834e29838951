#include "sandbox/sandbox.hpp"

#include <boost/json/serialize.hpp>

namespace tokenbroker::sandbox {

namespace json = boost::json;

namespace {

Response text(int status, std::string body) {
    return Response{status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(body)};
}

json::object shown(const Settings& settings) {
    json::object all;
    for (const SettingInfo& info : all_settings())
        all[info.name] = setting_text(settings, info);
    return all;
}

Error wrong(std::string_view name, const std::string& wanted) {
    return {Errc::invalid_input, std::string(name) + ": " + wanted + " is wanted"};
}

}  // namespace

std::string control_help() {
    std::string help =
        "GET  /sandbox/counts      what was asked, by endpoint and by account, with times\n"
        "GET  /sandbox/events      each request, in order\n"
        "GET  /sandbox/settings    the settings now\n"
        "POST /sandbox/reset       everything as at the start: accounts, tokens, settings, counts, "
        "faults\n"
        "POST /sandbox/behaviour   a JSON object with any of:\n"
        "  settings      { \"throttle-logins\": 2, ... }: the names of the command line\n"
        "  fault         { \"endpoint\": \"rossum.login\", \"do\": \"status\", \"status\": 503, "
        "\"times\": 3, ... }, or a list of such\n"
        "  clear_faults  true\n"
        "  forget_throttle, forget_counts   true\n"
        "  password      { \"user\": NAME, \"password\": NEW }: at each vendor that knows the "
        "user\n"
        "  revoke        a token, or \"all\": it is unknown from now on\n"
        "  expire        a token, or \"all\": it is over from now on\n"
        "  serve         { \"method\", \"path\", \"if\": { \"headers\", \"body\" }, \"name\", "
        "\"status\", \"headers\", \"body\" }, or a list\n"
        "                of such: an answer for a path of your own; the last one that fits is "
        "taken, "
        "$RANDOM in its body\n"
        "                becomes a new text each time\n"
        "  listening     false: refuse connections and end those that are open; true: listen "
        "again\n\n"
        "Endpoints: rossum.{login,exchange,user,logout,organizations,groups,users},\n"
        "  oz.{login,refresh,service_token,companies,users,folders,version}, "
        "oauth.{token,userinfo},\n"
        "  served:NAME, unknown; connection (a connection just accepted: reset, close or hang).\n"
        "A last * matches any rest.\n\n"
        "Members of a fault: endpoint, account (only of this user), do, times (1; 0: until "
        "cleared), skip (let so\n"
        "many by first), after (true: act on the request, then spoil the answer), status, headers, "
        "retry_after,\n"
        "body, delay (\"1s\"), location. Values of do:\n";
    for (const FaultKind& kind : fault_kinds()) {
        help.append("  ")
            .append(kind.name)
            .append(20 - kind.name.size(), ' ')
            .append(kind.help)
            .append("\n");
    }
    return help;
}

Delivery Sandbox::control(const Request& request, Moment) {
    Response response = text(404, "No such path; GET /sandbox/ tells them.\n");
    const bool gets = request.method == "GET";
    if (request.path == "/sandbox/" && gets) {
        response = text(200, control_help());
    } else if (request.path == "/sandbox/counts" && gets) {
        response = json_response(200, world_->journal.counts());
    } else if (request.path == "/sandbox/events" && gets) {
        response = json_response(200, world_->journal.events());
    } else if (request.path == "/sandbox/settings" && gets) {
        response = json_response(200, shown(world_->settings));
    } else if (request.path == "/sandbox/reset" && request.method == "POST") {
        world_ = std::make_unique<World>(start_, accounts_);
        response = json_response(200, json::object());
    } else if (request.path == "/sandbox/behaviour" && request.method == "POST") {
        const auto wishes = request.members();
        response = wishes ? behave(*wishes) : text(400, "A JSON object is wanted.\n");
    }
    Delivery delivery;
    delivery.bytes = response.wire(false);
    return delivery;
}

Response Sandbox::behave(const json::object& wishes) {
    for (const auto& [name, value] : wishes) {
        if (const auto done = fulfil(name, value); !done)
            return text(400, done.error().message() + "\n");
    }
    return json_response(200, json::object());
}

Result<void> Sandbox::fulfil(std::string_view name, const json::value& value) {
    const bool yes = value.is_bool() && value.get_bool();
    if (name == "settings") {
        if (!value.is_object()) return wrong(name, "an object");
        for (const auto& [setting, wanted] : value.get_object()) {
            const std::string shown_value =
                wanted.is_string() ? std::string(wanted.get_string()) : json::serialize(wanted);
            if (auto done = world_->settings.set(setting, shown_value); !done) return done;
        }
    } else if (name == "fault") {
        const json::array list = value.is_array() ? value.get_array() : json::array({value});
        for (const json::value& element : list) {
            if (!element.is_object()) return wrong(name, "an object or a list of them");
            auto fault = Fault::parse(element.get_object());
            if (!fault) return fault.error();
            world_->faults.add(*std::move(fault));
        }
    } else if (name == "clear_faults" && yes) {
        world_->faults.clear();
    } else if (name == "forget_throttle" && yes) {
        world_->throttle.forget();
    } else if (name == "forget_counts" && yes) {
        world_->journal.forget();
    } else if (name == "password" && value.is_object()) {
        const std::string user = text_member(value.get_object(), "user");
        const std::string password = text_member(value.get_object(), "password");
        RossumUser* rossum_user = world_->rossum.directory().find(user);
        OzUser* oz_user = world_->oz.directory().find(user);
        if (rossum_user != nullptr) rossum_user->password = password;
        if (oz_user != nullptr) oz_user->password = password;
        const bool oauth_user = world_->oauth.set_password(user, password);
        if (rossum_user == nullptr && oz_user == nullptr && !oauth_user)
            return wrong(name, "a user that is known");
    } else if ((name == "revoke" || name == "expire") && value.is_string()) {
        const std::string_view token = value.get_string();
        world_->rossum.revoke(token);
        world_->oauth.revoke(token);
        name == "revoke" ? world_->oz.revoke(token) : world_->oz.expire(token);
    } else if (name == "serve") {
        const json::array list = value.is_array() ? value.get_array() : json::array({value});
        for (const json::value& element : list) {
            if (!element.is_object()) return wrong(name, "an object or a list of them");
            auto served = ServedAnswer::parse(element.get_object());
            if (!served) return served.error();
            world_->served.push_front(*std::move(served));
        }
    } else if (name == "listening" && value.is_bool()) {
        if (on_listening) on_listening(value.get_bool());
    } else {
        return Error(Errc::invalid_input, "'" + std::string(name) +
                                              "' is unknown or of a wrong type; see GET /sandbox/");
    }
    return {};
}

}  // namespace tokenbroker::sandbox
