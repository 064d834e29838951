#include "daemon/options.hpp"

#include "daemon/version.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace tokenbroker::daemon {

CommandLine read_command_line(int argc, const char* const* argv) {
    CommandLine line;
    std::string config;
    CLI::App app(
        "Logs in once for each configured service account and hands the token to local programs.",
        "tokenbrokerd");
    app.set_version_flag("--version", "tokenbrokerd " + version_text());
    app.add_option("--config", config,
                   "the configuration; else $TOKENBROKER_CONFIG_INLINE, $TOKENBROKER_CONFIG, or "
                   "/etc/tokenbroker/tokenbroker.yaml")
        ->type_name("FILE");
    app.add_flag("--check", line.options.check,
                 "check the configuration, its recipes and secrets, and exit");
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& wanted) {
        app.exit(wanted);
        line.exit = exit_done;
    } catch (const CLI::ParseError& wrong) {
        std::cerr << "tokenbrokerd: " << wrong.what() << " (--help lists the options)\n";
        line.exit = exit_usage;
    }
    if (!config.empty()) line.options.config = config;
    return line;
}

}  // namespace tokenbroker::daemon
