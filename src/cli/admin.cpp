#include "cli/command.hpp"
#include "cli/format.hpp"
#include "cli/output.hpp"
#include "cli/values.hpp"
#include "client/json.hpp"
#include "client/text.hpp"

namespace tokenbroker::cli {

namespace {

// What the daemon may take for a request of an admin that says nothing of it: its own longest wait.
constexpr client::Milliseconds longest_wait{60'000};

std::string expiry(std::optional<client::TimePoint> at) {
    if (!at) return "does not expire";
    return "expires " + in_time(*at, client::wall_time());
}

struct AdminRequest {
    std::string_view verb;   // the path's last segment
    std::string_view query;  // of its own, or empty
    std::string_view done;   // what to say after "ACCOUNT: "
};

int run_admin(const client::Client& client, const Arguments& arguments, const AdminRequest& what) {
    const auto wait = duration_option(arguments, "--wait");
    if (!wait) return fail(wait.error(), {});

    const std::string account(arguments.positional[0]);
    client::Request request(
        "POST", "/v1/accounts/" + client::encode_segment(account) + "/" + std::string(what.verb));
    std::string query(what.query);
    if (*wait) query += (query.empty() ? "wait=" : "&wait=") + client::duration_text(**wait);
    if (!query.empty()) request.target += "?" + query;
    request.wait = wait->value_or(longest_wait);

    const auto answer = client.ask(request);
    if (!answer) return fail(answer.error(), account);
    if (answer->status == 202 && wait->has_value()) {
        return fail(exit_no_token, account + ": not done within " + client::duration_text(**wait) +
                                       ", but under way: see 'tokenctl status " + account + "'");
    }
    if (answer->status == 202)
        return print(account + ": under way; see 'tokenctl status " + account + "'\n");
    if (answer->status != 200) return fail(client::to_error(*answer), account);
    const auto document = client::Json::parse(answer->body).value_or(client::Json());
    const auto& token = document["token"];
    std::string text = account + ": " + std::string(what.done);
    if (token["state"].text() == "valid") {
        text += "; the token now is of generation " + token["generation"].text() + " and " +
                expiry(client::parse_time(token["expires_at"].text()));
    }
    return print(text + "\n");
}

}  // namespace

int run_refresh(const client::Client& client, const Arguments& arguments) {
    return run_admin(client, arguments, {"refresh", "", "refreshed"});
}

int run_resume(const client::Client& client, const Arguments& arguments) {
    const std::string_view query = arguments.has("--clear-throttle") ? "clear_throttle=1" : "";
    return run_admin(client, arguments, {"resume", query, "resumed"});
}

int run_revoke(const client::Client& client, const Arguments& arguments) {
    return run_admin(client, arguments, {"revoke", "", "revoked"});
}

int run_reject(const client::Client& client, const Arguments& arguments) {
    constexpr client::Milliseconds wait{30'000};
    const auto account = arguments.positional[0];
    auto generation = number_option(arguments, "--generation");
    if (!generation) return fail(generation.error(), {});
    if (!*generation) {
        const auto status = client.account(account);
        if (!status) return fail(status.error(), account);
        *generation =
            client::Json::parse(*status).value_or(client::Json())["token"]["generation"].whole();
    }
    if (!*generation)
        return fail(
            exit_no_token,
            std::string(account) + " has no token that could be rejected; see 'tokenctl status'");

    const auto token = client.rejected(account, **generation, wait);
    if (!token) return fail(token.error(), account);
    const std::string what =
        token->generation == **generation ? "kept, as it still works" : "replaced";
    return print(std::string(account) + ": " + what + "; the token now is of generation " +
                 std::to_string(token->generation) + " and " + expiry(token->expires_at) + "\n");
}

}  // namespace tokenbroker::cli
