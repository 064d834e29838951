#include "integration/world.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <sstream>
#include <stdexcept>

namespace tokenbroker::integration {

namespace json = boost::json;

namespace {

// What each recipe needs to log in to the sandbox: inputs before the password, and the password's
// name and value.
struct Needs {
    std::string user_input;
    std::string user;
    std::string secret_input;
    std::string secret;
    std::string more;
};

const Needs& needs(const std::string& recipe) {
    static const std::map<std::string, Needs> all{
        {"rossum", {"username", "api_user@mycompany", "password", "sandbox-password", ""}},
        {"oz", {"email", "service@oz.example", "password", "sandbox-password", ""}},
        {"oz-service-token",
         {"email", "admin@oz.example", "password", "sandbox-admin-password", ""}},
        {"oauth2-client-credentials",
         {"client_id", "sandbox-client", "client_secret", "sandbox-secret", ""}},
        {"oauth2-password",
         {"username", "user@oauth.example", "password", "sandbox-password",
          ", client_id: sandbox-client, client_secret: sandbox-secret"}},
        {"oauth2-refresh-token",
         {"client_id", "sandbox-client", "refresh_token", "sandbox-refresh-token",
          ", client_secret: sandbox-secret"}},
    };
    return all.at(recipe);
}

}  // namespace

const char* const impatient =
    "throttle: { logins: 1000, per: 1m, backoff: { initial: 1s, factor: 2, max: 5s }, "
    "throttled_backoff: { initial: 2s, factor: 2, max: 8s } }\n";

std::string World::account_yaml(const Account& account) const {
    const Needs& need = needs(account.recipe);
    const std::string user = account.username.empty() ? need.user : account.username;
    std::string yaml = "  " + account.name + ":\n    recipe: " + account.recipe +
                       "\n    base_url: " + sandbox.url() +
                       "\n    tls: { ca_file: " + sandbox.ca_file() + " }\n    inputs: { " +
                       need.user_input + ": \"" + user + "\", " + need.secret_input +
                       ": { file: " + (folder / (account.name + ".password")) + " }" + need.more;
    if (!account.inputs.empty()) yaml += ", " + account.inputs;
    yaml += " }\n    allow: " + account.allow + "\n";
    if (!account.more.empty()) yaml += account.more + "\n";
    return yaml;
}

void World::configure(const std::vector<Account>& accounts, const std::string& top) {
    std::string yaml = top + "accounts:\n";
    for (const Account& account : accounts) {
        yaml += account_yaml(account);
        if (read_file(folder / (account.name + ".password")).empty()) {
            write_password(account.name, needs(account.recipe).secret);
        }
    }
    daemon.configure(yaml);
}

Ran World::tokenctl(std::vector<std::string> words) const {
    words.insert(words.begin(), TOKENCTL);
    return run(words, {{"TOKENBROKER_SOCKET", daemon.socket()}});
}

double World::metric(const std::string& series) const {
    const std::string all = daemon.get("/metrics").body;
    const auto at = all.find("\n" + series + " ");
    return at == std::string::npos ? -1 : std::stod(all.substr(at + series.size() + 2));
}

std::size_t World::logged(const std::vector<std::string>& all) const {
    std::istringstream lines(daemon.log());
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line);) {
        count += std::ranges::all_of(
            all, [&line](const std::string& part) { return line.find(part) != std::string::npos; });
    }
    return count;
}

std::string World::error_kind(const std::string& account) const {
    const auto error = member(daemon.status(account), "login", "last_error");
    return error.is_null() ? "" : text(error.at("kind"));
}
std::string World::error_message(const std::string& account) const {
    const auto error = member(daemon.status(account), "login", "last_error");
    return error.is_null() ? "" : text(error.at("message"));
}

int World::use(const HttpAnswer& token, const std::string& path) const {
    const auto header = body_of(token).at("header");
    const Ran ran =
        run({"/usr/bin/curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert",
             sandbox.ca_file(), "-H", text(header.at("name")) + ": " + text(header.at("value")),
             sandbox.url() + path});
    return ran.output.empty() ? 0 : std::stoi(ran.output);
}

json::value body_of(const HttpAnswer& answer) {
    boost::system::error_code failure;
    json::value value = json::parse(answer.body, failure);
    if (failure) throw std::runtime_error("no JSON: " + answer.head + answer.body);
    return value;
}

std::string text(const json::value& value) {
    return std::string(value.as_string());
}

std::string token_of(const HttpAnswer& answer) {
    if (answer.status != 200) throw std::runtime_error("no token: " + answer.head + answer.body);
    return text(body_of(answer).at("access_token"));
}

std::uint64_t generation_of(const HttpAnswer& answer) {
    if (answer.status != 200) throw std::runtime_error("no token: " + answer.head + answer.body);
    return body_of(answer).at("generation").to_number<std::uint64_t>();
}

double expiry_of(const HttpAnswer& answer) {
    if (answer.status != 200) throw std::runtime_error("no token: " + answer.head + answer.body);
    std::tm parts{};
    const std::string when = text(body_of(answer).at("expires_at"));
    if (::strptime(when.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts) == nullptr)
        throw std::runtime_error("no time: " + when);
    return static_cast<double>(::timegm(&parts));
}

std::size_t fullest_window(std::vector<double> at, double seconds) {
    std::ranges::sort(at);
    std::size_t most = 0;
    for (auto first = at.begin(); first != at.end(); ++first) {
        const auto end = std::upper_bound(first, at.end(), *first + seconds);
        most = std::max(most, static_cast<std::size_t>(end - first));
    }
    return most;
}

double now_seconds() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
}

}  // namespace tokenbroker::integration
