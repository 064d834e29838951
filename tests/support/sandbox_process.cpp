#include "support/sandbox_process.hpp"

#include "support/unix_http.hpp"

#include <boost/json/parse.hpp>

#include <stdexcept>

namespace tokenbroker::support {

namespace json = boost::json;

namespace {

constexpr auto start_limit = std::chrono::seconds(30);

Process::Options command(const TempDir& folder, const std::string& control,
                         const std::string& ca_file, const std::vector<std::string>& options) {
    Process::Options start;
    start.argv = {TOKENBROKER_SANDBOX, "--verbose", "--control-socket", control,
                  "--ca-file",         ca_file};
    start.argv.insert(start.argv.end(), options.begin(), options.end());
    start.error_file = folder / "sandbox.log";
    return start;
}

}  // namespace

SandboxProcess::SandboxProcess(const TempDir& folder, const std::vector<std::string>& options)
    : control_(folder / "sandbox.sock"),
      ca_file_(folder / "sandbox-ca.pem"),
      process_(command(folder, control_, ca_file_, options)) {
    const std::string line = process_.read_line(start_limit);
    constexpr std::string_view start = "listening on ";
    if (!line.starts_with(start)) throw std::runtime_error("the sandbox said: " + line);
    url_ = line.substr(start.size());
}

void SandboxProcess::behave(const std::string& wishes) const {
    const HttpAnswer answer = http(control_, "POST", "/sandbox/behaviour", wishes);
    if (answer.status != 200)
        throw std::runtime_error("the sandbox refused " + wishes + ": " + answer.body);
}

void SandboxProcess::set(const std::string& name, const std::string& value) const {
    behave(R"({"settings": {")" + name + R"(": ")" + value + "\"}}");
}

json::value SandboxProcess::counts() const {
    return json::parse(http_get(control_, "/sandbox/counts").body);
}

json::array SandboxProcess::events() const {
    return json::parse(http_get(control_, "/sandbox/events").body).at("events").as_array();
}

SandboxProcess::Count SandboxProcess::count(const std::string& endpoint,
                                            const std::string& account) const {
    const json::value all = counts();
    const json::value* found =
        account.empty() ? all.at("endpoints").as_object().if_contains(endpoint) : nullptr;
    if (!account.empty()) {
        const json::value* of_account = all.at("accounts").as_object().if_contains(account);
        found = of_account == nullptr ? nullptr : of_account->as_object().if_contains(endpoint);
    }
    Count count;
    if (found == nullptr) return count;
    const auto number = [&](const char* name) { return found->at(name).to_number<std::size_t>(); };
    count.requests = number("requests");
    count.ok = number("ok");
    count.refused = number("refused");
    count.throttled = number("throttled");
    count.failed = number("failed");
    for (const json::value& at : found->at("at").as_array())
        count.at.push_back(at.to_number<double>());
    return count;
}

}  // namespace tokenbroker::support
