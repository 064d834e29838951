#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/values.hpp"
#include "client/json.hpp"
#include "client/text.hpp"

#include <algorithm>

namespace tokenbroker::cli {

namespace {

using client::Json;

// "uid 1000, gids 1000 27, unit invoices.service"
std::string peer_text(const Json& peer) {
    std::string text = "uid " + peer["uid"].text();
    if (!peer["gids"].items().empty()) text += ", gids";
    for (const auto& gid : peer["gids"].items())
        text += " " + gid.text();
    if (const auto unit = peer["unit"].string()) text += ", unit " + client::one_line(*unit);
    if (const auto why = peer["unit_reason"].string())
        text += ", no unit (" + client::one_line(*why) + ")";
    return text;
}

// "  no       { uid: 8 }: why"
std::string line_text(const Json& line) {
    constexpr std::size_t widest = 9;  // "unknown" and two spaces
    std::string match = client::one_line(line["match"].text());
    match.resize(std::max(match.size(), widest), ' ');
    std::string text = "  " + match + client::one_line(line["line"].text());
    if (!line["reason"].text().empty()) text += ": " + client::one_line(line["reason"].text());
    return text + "\n";
}

}  // namespace

int run_access(const client::Client& client, const Arguments& arguments) {
    const auto uid = number_option(arguments, "--as-uid");
    if (!uid) return fail(uid.error(), {});
    const auto account = arguments.positional[0];
    client::Request request("GET", "/v1/accounts/" + client::encode_segment(account) + "/access");
    if (*uid) request.target += "?uid=" + std::to_string(**uid);

    const auto answer = client.ask(request);
    if (!answer) return fail(answer.error(), account);
    if (answer->status != 200) {
        const auto error = client::to_error(*answer);
        return fail(static_cast<int>(error.kind), error.message);
    }
    const auto document = Json::parse(answer->body).value_or(Json());
    std::string text =
        std::string(account) + ": " + (document["allowed"].is_true() ? "allowed" : "not allowed");
    text += " for " + peer_text(document["peer"]);
    if (const auto line = document["line"].string()) text += ": " + client::one_line(*line);
    text += "\n";
    for (const auto& line : document["lines"].items())
        text += line_text(line);
    return print(text);
}

}  // namespace tokenbroker::cli
