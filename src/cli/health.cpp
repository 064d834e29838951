#include "cli/command.hpp"
#include "cli/output.hpp"
#include "client/json.hpp"
#include "client/text.hpp"

namespace tokenbroker::cli {

namespace {

using client::Json;

// "2 failing (a until 2026-11-24T10:00:00Z, b)", or the number alone for those who may not know the
// names.
std::string counted(const Json& list, std::string_view what) {
    if (list.type() == Json::Type::number)
        return list.text() == "0" ? "" : "; " + list.text() + " " + std::string(what);
    if (list.items().empty()) return {};
    std::string names;
    for (const auto& item : list.items()) {
        if (!names.empty()) names += ", ";
        if (item.type() != Json::Type::object) {
            names += item.text();
            continue;
        }
        names += item["account"].text();
        if (item["expires_at"].string()) names += " until " + item["expires_at"].text();
    }
    return "; " + std::to_string(list.items().size()) + " " + std::string(what) + " (" + names +
           ")";
}

// One line of what /readyz says.
std::string summary(const client::Answer& answer) {
    const auto document = Json::parse(answer.body);
    if (!document || document->type() != Json::Type::object) return client::one_line(answer.body);
    std::string text = (*document)["status"].string() ? (*document)["status"].text()
                                                      : (*document)["detail"].text();
    text += counted((*document)["without_token"], "without a token") +
            counted((*document)["failing"], "failing");
    return client::one_line(text);
}

}  // namespace

int run_health(const client::Client& client, const Arguments& arguments) {
    // A probe has a second for all of it.
    client::Options options = client.options();
    options.connect_timeout = client::Milliseconds(300);
    options.answer_timeout = client::Milliseconds(600);

    std::string path = "/healthz";
    if (arguments.has("--ready")) path = "/readyz";
    if (arguments.has("--strict")) path = "/readyz?strict=1";
    const auto answer = client::Client(options).ask({"GET", path});
    if (!answer) return fail(exit_failed, answer.error().message);
    std::string text = summary(*answer);
    if (answer->status != 200) {
        return fail(
            exit_failed,
            "not healthy: " + (text.empty() ? "status " + std::to_string(answer->status) : text));
    }
    return print(text + "\n");
}

}  // namespace tokenbroker::cli
