#include "sandbox/sandbox.hpp"

#include <algorithm>

namespace tokenbroker::sandbox {

namespace json = boost::json;

namespace {

void fill(Rossum& rossum, const Accounts& accounts) {
    for (const auto& login : accounts.rossum) {
        RossumUser& user =
            rossum.directory().add(login.name, login.password, login.kind == "admin");
        if (login.kind == "sso") user.auth_type = "sso";
    }
}

void fill(Oz& oz, const Accounts& accounts) {
    for (const auto& login : accounts.oz) {
        OzUser& user = oz.directory().add(login.name, login.password, login.kind);
        if (!login.id.empty()) user.user_id = login.id;
    }
}

void fill(OAuth& oauth, const Accounts& accounts) {
    for (const auto& login : accounts.oauth_clients)
        oauth.add_client(login.name, login.password);
    for (const auto& login : accounts.oauth_users)
        oauth.add_user(login.name, login.password);
    for (const auto& token : accounts.oauth_refresh_tokens)
        oauth.add_refresh_token(token.token, token.user, token.client);
}

}  // namespace

Sandbox::World::World(const Settings& start, const Accounts& accounts)
    : settings(start),
      throttle(settings),
      rossum(settings, throttle),
      oz(settings, throttle),
      oauth(settings, throttle) {
    fill(rossum, accounts);
    fill(oz, accounts);
    fill(oauth, accounts);
}

Sandbox::Sandbox(Settings settings, Accounts accounts, std::string base_path)
    : start_(std::move(settings)),
      accounts_(std::move(accounts)),
      base_path_(std::move(base_path)),
      world_(std::make_unique<World>(start_, accounts_)) {}

std::optional<Fault> Sandbox::connection_fault() {
    return world_->faults.take("connection", "");
}

Delivery Sandbox::handle(const Request& asked, Moment now) {
    if (asked.path.starts_with("/sandbox/")) return control(asked, now);
    Request request = asked;
    if (!base_path_.empty() && request.path.starts_with(base_path_ + "/"))
        request.path.erase(0, base_path_.size());

    const std::string name = endpoint(request);
    const std::string who = account(name, request);
    const auto fault = world_->faults.take(name, who);
    Answer told{Response{}, Outcome::failed};
    told.response.status = 0;
    if (!fault || fault->acts()) told = answer(name, request, now);
    const bool says = fault && (fault->kind == "status" || fault->kind == "echo");
    if (says && fault->status == 429) told.outcome = Outcome::throttled;
    const int status = says ? fault->status : told.response.status;
    std::string retry_after;
    for (const auto& [header, value] : says ? fault->headers : told.response.headers) {
        if (header == "Retry-After") retry_after = value;
    }
    world_->journal.record(name, who, told.outcome, status, retry_after, now);
    if (on_request) {
        on_request(name + " " + (who.empty() ? "-" : who) + " " + std::to_string(status) + " " +
                   std::string(name_of(told.outcome)) + (fault ? " fault: " + fault->kind : ""));
    }
    if (fault) return fault->deliver(asked, told.response);
    Delivery delivery;
    delivery.bytes = told.response.wire(false);
    return delivery;
}

std::string Sandbox::endpoint(const Request& request) const {
    if (const ServedAnswer* found = served(request)) return found->endpoint();
    for (const auto& name :
         {Rossum::endpoint(request), Oz::endpoint(request), OAuth::endpoint(request)}) {
        if (!name.empty()) return name;
    }
    return "unknown";
}

std::string Sandbox::account(std::string_view name, const Request& request) const {
    if (name.starts_with("rossum.")) return world_->rossum.account(name, request);
    if (name.starts_with("oz.")) return world_->oz.account(name, request);
    if (name.starts_with("oauth.")) return world_->oauth.account(name, request);
    return {};
}

Answer Sandbox::answer(std::string_view name, const Request& request, Moment now) {
    if (name.starts_with("rossum.")) return world_->rossum.answer(name, request, now);
    if (name.starts_with("oz.")) return world_->oz.answer(name, request, now);
    if (name.starts_with("oauth.")) return world_->oauth.answer(name, request, now);
    if (const ServedAnswer* found = served(request)) return answer_of(found->response());
    return answer_of(json_response(404, json::object{{"detail", "Not found."}}));
}

const ServedAnswer* Sandbox::served(const Request& request) const {
    const auto found = std::ranges::find_if(
        world_->served, [&](const ServedAnswer& answer) { return answer.fits(request); });
    return found == world_->served.end() ? nullptr : &*found;
}

}  // namespace tokenbroker::sandbox
