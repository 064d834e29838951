#include "cli/command.hpp"
#include "cli/output.hpp"

#include <array>
#include <climits>
#include <cstdlib>
#include <string>
#include <unistd.h>

namespace tokenbroker::cli {

namespace {

constexpr const char* helper_name = "tokenctl-recipes";

std::string own_folder() {
    std::array<char, PATH_MAX> buffer{};
    const auto length = readlink("/proc/self/exe", buffer.data(), buffer.size());
    if (length <= 0) return ".";
    std::string path(buffer.data(), static_cast<std::size_t>(length));
    path.resize(path.find_last_of('/'));
    return path;
}

}  // namespace

int run_helper(char** command_and_arguments) {
    std::vector<std::string> places;
    if (const char* folder = std::getenv("TOKENBROKER_LIBEXEC");
        folder != nullptr && *folder != '\0') {
        places.emplace_back(folder);
    } else {
        places = {own_folder() + "/" + TOKENCTL_LIBEXEC, own_folder()};
    }

    std::string name = helper_name;
    std::vector<char*> arguments = {name.data()};
    while (*command_and_arguments != nullptr)
        arguments.push_back(*command_and_arguments++);
    arguments.push_back(nullptr);
    for (const auto& place : places)
        execv((place + "/" + helper_name).c_str(), arguments.data());
    return fail(exit_failed, std::string("can't run the helper ") + places.front() + "/" +
                                 helper_name +
                                 ": install it, or name its folder in $TOKENBROKER_LIBEXEC");
}

}  // namespace tokenbroker::cli
