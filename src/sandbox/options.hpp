#pragma once

#include "sandbox/accounts.hpp"
#include "sandbox/settings.hpp"

#include <optional>
#include <string>
#include <vector>

namespace tokenbroker::sandbox {

// The command line, read.
struct Options {
    std::string address = "127.0.0.1";
    unsigned short port = 0;
    bool http = false;
    bool verbose = false;
    std::string ca_file;
    std::string port_file;
    std::string tls_file;
    std::string client_certificate_directory;
    std::string control_socket;
    std::string base_path;
    std::vector<std::string> names;
    Settings settings;
    Accounts accounts = Accounts::defaults();
};

// Options, or the exit status where help was asked for or the line was wrong (which has been
// printed).
struct Parsed {
    std::optional<Options> options;
    int exit_status = 0;
};
Parsed parse_options(int argc, char** argv);

}  // namespace tokenbroker::sandbox
