#include "daemon/check.hpp"
#include "daemon/options.hpp"
#include "daemon/start.hpp"

#include <exception>
#include <iostream>

int main(int argc, char** argv) {
    using namespace tokenbroker::daemon;
    try {
        const CommandLine line = read_command_line(argc, argv);
        if (line.exit) return *line.exit;
        return line.options.check ? check_configuration(line.options) : start(line.options);
    } catch (const std::exception& failure) {
        std::cerr << "tokenbrokerd: " << failure.what() << '\n';
        return exit_failed;
    }
}
