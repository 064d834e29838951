#include "sandbox/options.hpp"

#include <CLI/CLI.hpp>

#include <charconv>
#include <deque>
#include <fstream>
#include <iostream>
#include <sstream>

namespace tokenbroker::sandbox {

namespace {

constexpr const char* introduction =
    "A stand-in for the login side of the Rossum API, the Oz API (generations 5 and 6) and an "
    "OAuth 2.0\n"
    "server, for tests: no account here is real. It serves all three on one port over TLS, with "
    "an\n"
    "authority and a certificate that it makes at start. Its first line of output is\n"
    "\"listening on https://127.0.0.1:PORT\".";

constexpr const char* epilogue =
    "\nAccounts that are always there (Rossum, Oz, OAuth):\n"
    "  api_user@mycompany / sandbox-password, admin@mycompany.example / sandbox-admin-password\n"
    "  service@oz.example / sandbox-password (CLIENT_SERVICE, user_id "
    "00000000-0000-4000-8000-000000000002),\n"
    "  operator@oz.example / sandbox-password (15-minute tokens), admin@oz.example / "
    "sandbox-admin-password\n"
    "  client sandbox-client / sandbox-secret, user@oauth.example / sandbox-password,\n"
    "  refresh token sandbox-refresh-token\n\n"
    "Everything else is steered while it runs: GET /sandbox/ on the same port, or on "
    "--control-socket.\n\n"
    "Try it:\n"
    "  tokenbroker-sandbox --listen 127.0.0.1:8443 --ca-file /tmp/sandbox-ca.pem &\n"
    "  curl --cacert /tmp/sandbox-ca.pem https://localhost:8443/api/v1/auth/login \\\n"
    "       --json '{\"username\": \"api_user@mycompany\", \"password\": \"sandbox-password\"}'\n"
    "  curl --cacert /tmp/sandbox-ca.pem https://localhost:8443/sandbox/counts\n";

Result<void> split_address(const std::string& text, Options& options) {
    const auto colon = text.rfind(':');
    const Error mistake(Errc::invalid_input,
                        "--listen: ADDRESS:PORT is wanted, as 127.0.0.1:8443 or [::1]:0");
    if (colon == std::string::npos) return mistake;
    std::string address = text.substr(0, colon);
    if (address.starts_with('[') && address.ends_with(']'))
        address = address.substr(1, address.size() - 2);
    const char* first = text.data() + colon + 1;
    const char* last = text.data() + text.size();
    const auto [end, failure] = std::from_chars(first, last, options.port);
    if (failure != std::errc() || end != last || first == last) return mistake;
    options.address = address;
    return {};
}

Result<std::string> file_text(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) return Error(Errc::io, "can't read " + path);
    return text.str();
}

struct Given {
    std::string listen = "127.0.0.1:0";
    std::vector<std::string> users;
    std::vector<std::string> clients;
    std::string accounts_file;
    std::deque<std::pair<std::string, std::string>> settings;  // a deque: CLI11 keeps references
};

Result<void> apply(const Given& given, Options& options) {
    if (auto done = split_address(given.listen, options); !done) return done;
    for (const auto& [name, value] : given.settings) {
        if (value.empty()) continue;
        if (auto done = options.settings.set(name, value); !done) return done;
    }
    for (const std::string& user : given.users) {
        if (auto done = options.accounts.add_user(user); !done) return done;
    }
    for (const std::string& client : given.clients) {
        if (auto done = options.accounts.add_client(client); !done) return done;
    }
    if (given.accounts_file.empty()) return {};
    const auto text = file_text(given.accounts_file);
    if (!text) return text.error();
    return options.accounts.add_json(*text);
}

std::string described(const SettingInfo& info) {
    std::string text(info.help);
    const char* mark = " [";
    for (const auto choice : info.choices) {
        text.append(mark).append(choice);
        mark = "|";
    }
    if (!info.choices.empty()) text.append("]");
    return text.append(" (").append(setting_text(Settings(), info)).append(")");
}

}  // namespace

Parsed parse_options(int argc, char** argv) {
    CLI::App app(introduction, "tokenbroker-sandbox");
    Options options;
    Given given;
    app.footer(epilogue);
    app.add_option("--listen", given.listen, "ADDRESS:PORT (127.0.0.1:0; port 0: a free one)");
    app.add_option("--port-file", options.port_file, "write the port there, once it listens");
    app.add_option("--ca-file", options.ca_file, "write the authority's certificate there, as PEM");
    app.add_option("--tls-file", options.tls_file,
                   "keep authority, certificates and keys there over restarts");
    app.add_option("--name", options.names, "a further host name or address in the certificate");
    app.add_option(
        "--client-certificate", options.client_certificate_directory,
        "demand a client certificate, and write one to this folder: client.pem, client.key");
    app.add_flag("--http", options.http, "plain HTTP, no TLS");
    app.add_option("--control-socket", options.control_socket,
                   "the control API on a Unix socket, too");
    app.add_option("--base-path", options.base_path,
                   "a prefix that every path may have, as /tenant");
    app.add_option("--user", given.users, "NAME:PASSWORD, at all three (test data only)");
    app.add_option("--client", given.clients, "ID:SECRET of an OAuth client (test data only)");
    app.add_option("--accounts", given.accounts_file,
                   "a JSON file with accounts; see docs/sandbox.md");
    app.add_flag("--verbose", options.verbose, "one line for each request, on stderr");
    for (const SettingInfo& info : all_settings()) {
        auto& [name, value] = given.settings.emplace_back(std::string(info.name), "");
        const char* group = info.name.starts_with("rossum-")  ? "Rossum"
                            : info.name.starts_with("oz-")    ? "Oz"
                            : info.name.starts_with("oauth-") ? "OAuth"
                                                              : "All vendors";
        app.add_option("--" + name, value, described(info))->type_name("VALUE")->group(group);
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& stop) {
        return Parsed{std::nullopt, app.exit(stop) == 0 ? 0 : 2};
    }
    if (const auto done = apply(given, options); !done) {
        std::cerr << "tokenbroker-sandbox: " << done.error().message() << "\n";
        return Parsed{std::nullopt, 2};
    }
    return Parsed{std::move(options), 0};
}

}  // namespace tokenbroker::sandbox
