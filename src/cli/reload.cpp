#include "cli/command.hpp"
#include "cli/output.hpp"
#include "client/json.hpp"
#include "client/text.hpp"

namespace tokenbroker::cli {

namespace {

using client::Json;

// A line for each of a list's texts.
std::string lines(const Json& list, std::string_view prefix) {
    std::string text;
    for (const auto& item : list.items())
        text += std::string(prefix) + client::one_line(item.text()) + "\n";
    return text;
}

// "FILE:LINE:COLUMN: what is wrong"
std::string mistake_line(const Json& mistake) {
    if (const auto text = mistake.string()) return client::one_line(*text) + "\n";
    std::string line = mistake["file"].text();
    if (mistake["line"].whole().value_or(0) > 0)
        line += ":" + mistake["line"].text() + ":" + mistake["column"].text();
    return client::one_line(line + ": " + mistake["message"].text()) + "\n";
}

}  // namespace

int run_reload(const client::Client& client, const Arguments&) {
    client::Request request("POST", "/v1/reload");
    request.wait = client::Milliseconds(60'000);  // it reads every secret, by commands too
    const auto answer = client.ask(request);
    if (!answer) return fail(answer.error(), {});
    const auto document = Json::parse(answer->body).value_or(Json());
    if (answer->status == 200) {
        std::string text = lines(document["changed"], "");
        text += lines(document["restart_needed"], "restart needed: ");
        if (text.empty()) text = "nothing changed\n";
        return print(text + lines(document["warnings"], "warning: "));
    }
    std::string mistakes;
    for (const auto& mistake : document["mistakes"].items())
        mistakes += mistake_line(mistake);
    if (const int code = print(mistakes); code != exit_done) return code;
    return fail(client::to_error(*answer), {});
}

}  // namespace tokenbroker::cli
