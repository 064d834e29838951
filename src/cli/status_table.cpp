#include "cli/status_table.hpp"

#include "cli/format.hpp"
#include "cli/output.hpp"
#include "client/text.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace tokenbroker::cli {

namespace {

using client::Json;

struct Cell {
    std::string text;
    Colour colour = Colour::none;
};
constexpr std::size_t columns = 6;
using Row = std::array<Cell, columns>;

// Columns on a terminal: code points, which is right for what upstreams and names hold.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    }));
}

std::string cut(std::string_view text, std::size_t width) {
    if (width_of(text) <= width) return std::string(text);
    std::size_t end = 0;
    for (std::size_t seen = 0; end < text.size(); ++end) {
        const bool starts = (static_cast<unsigned char>(text[end]) & 0xC0) != 0x80;
        if (starts && ++seen > width) break;
    }
    return std::string(text.substr(0, end));
}

Cell token_cell(const Json& token) {
    const std::string& state = token["state"].text();
    return {client::one_line(state), state == "valid" ? Colour::green : Colour::red};
}

Cell expiry_cell(const Json& token, client::TimePoint now) {
    if (token["state"].text() == "none") return {"-"};
    const auto at = client::parse_time(token["expires_at"].text());
    if (!at) return {token["state"].text() == "valid" ? "never" : "-"};
    const auto left = std::chrono::floor<std::chrono::seconds>(*at - now);
    if (left.count() < 0) return {human(-left) + " ago", Colour::red};
    return {human(left)};
}

Cell login_cell(const Json& login) {
    const std::string& state = login["state"].text();
    Colour colour = Colour::none;
    if (state == "suspended") colour = Colour::red;
    if (state == "backing_off" || state == "throttled") colour = Colour::yellow;
    return {client::one_line(state), colour};
}

// "account_budget" as people say it.
std::string spoken(std::string_view word) {
    std::string text = client::one_line(word);
    std::replace(text.begin(), text.end(), '_', ' ');
    return text;
}

Cell next_cell(const Json& account, client::TimePoint now) {
    const Json& login = account["login"];
    const std::string& state = login["state"].text();
    if (state == "in_progress") return {"logging in"};
    if (state == "suspended") return {"none until it is mended", Colour::red};
    if (const auto at = client::parse_time(login["retry_at"].text())) {
        std::string text = "login " + in_time(*at, now);
        if (!login["waiting_for"].is_null())
            text += " (" + spoken(login["waiting_for"].text()) + ")";
        return {text};
    }
    if (const auto at = client::parse_time(account["token"]["refresh_at"].text()))
        return {"refresh " + in_time(*at, now)};
    return {"-"};
}

Cell error_cell(const Json& error, client::TimePoint now) {
    if (error.is_null()) return {"-"};
    std::string text = client::one_line(error["kind"].text());
    if (!error["step"].text().empty()) text += ", step " + client::one_line(error["step"].text());
    if (!error["status"].text().empty()) text += ", status " + error["status"].text();
    if (!error["message"].text().empty()) text += ": " + client::one_line(error["message"].text());
    if (const auto at = client::parse_time(error["at"].text()))
        text += " (" + in_time(*at, now) + ")";
    return {text};
}

Row row_of(const Json& account, client::TimePoint now) {
    return {Cell{client::one_line(account["account"].text())},
            token_cell(account["token"]),
            expiry_cell(account["token"], now),
            login_cell(account["login"]),
            next_cell(account, now),
            error_cell(account["login"]["last_error"], now)};
}

std::string line_of(const Row& row, const std::array<std::size_t, columns>& widths,
                    TableStyle style) {
    constexpr std::size_t gap = 2;
    std::string line;
    std::size_t at = 0;
    for (std::size_t i = 0; i < columns; ++i) {
        const std::size_t room =
            style.width == 0 ? std::string::npos : style.width - std::min(at, style.width);
        const std::string text = cut(row[i].text, room);
        line += style.colour ? paint(row[i].colour, text) : text;
        if (i + 1 < columns) {
            const std::size_t pad = widths[i] + gap - width_of(row[i].text);
            line.append(std::min(pad, room - std::min(room, width_of(text))), ' ');
            at += widths[i] + gap;
        }
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
}

// What no column has room for, each with the account's name.
void append_notes(std::string& text, const Json& account, TableStyle style) {
    const auto note = [&](const std::string& what) {
        text += cut(client::one_line(account["account"].text() + ": " + what),
                    style.width == 0 ? std::string::npos : style.width) +
                "\n";
    };
    if (const auto said = account["token"]["note"].string()) note(std::string(*said));
    for (const auto& sink : account["sinks"].items()) {
        const std::string path = "sink " + sink["path"].text();
        if (sink["state"].text() == "failed") note(path + " failed: " + sink["last_error"].text());
        const auto command = sink["last_command"].string();
        if (command && *command != "ok") note(path + ": its command: " + std::string(*command));
    }
}

}  // namespace

std::string status_table(std::span<const Json> accounts, client::TimePoint now, TableStyle style) {
    constexpr auto bold = Colour::bold;
    std::vector<Row> rows = {{Cell{"ACCOUNT", bold}, Cell{"TOKEN", bold}, Cell{"EXPIRES IN", bold},
                              Cell{"LOGIN", bold}, Cell{"NEXT", bold}, Cell{"LAST ERROR", bold}}};
    for (const auto& account : accounts)
        rows.push_back(row_of(account, now));

    std::array<std::size_t, columns> widths{};
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < columns; ++i)
            widths[i] = std::max(widths[i], width_of(row[i].text));
    }
    std::string text;
    for (const auto& row : rows)
        text += line_of(row, widths, style);
    for (const auto& account : accounts)
        append_notes(text, account, style);
    return text;
}

}  // namespace tokenbroker::cli
