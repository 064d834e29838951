#include "cli/command.hpp"
#include "cli/output.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <string>
#include <unistd.h>

namespace tokenbroker::cli {

namespace {

constexpr const char* helper_name = "tokenctl-recipes";

// Where this program lies. Without /proc it is where it was called by, if that is a whole path:
// what lies in the working folder is nobody's helper.
std::string own_folder() {
    std::array<char, PATH_MAX> buffer{};
    const auto length = readlink("/proc/self/exe", buffer.data(), buffer.size());
    std::string path = program_invocation_name;
    if (length > 0) path.assign(buffer.data(), static_cast<std::size_t>(length));
    if (!path.starts_with('/')) return {};
    path.resize(path.find_last_of('/'));
    return path;
}

}  // namespace

int run_helper(char** command_and_arguments) {
    std::vector<std::string> places;
    if (const char* named = std::getenv("TOKENBROKER_LIBEXEC");
        named != nullptr && *named != '\0') {
        places.emplace_back(named);
    } else if (const std::string folder = own_folder(); !folder.empty()) {
        places = {folder + "/" + TOKENCTL_LIBEXEC, folder};
    }

    std::string name = helper_name;
    std::vector<char*> arguments = {name.data()};
    while (*command_and_arguments != nullptr)
        arguments.push_back(*command_and_arguments++);
    arguments.push_back(nullptr);
    for (const auto& place : places)
        execv((place + "/" + helper_name).c_str(), arguments.data());
    const std::string helper = (places.empty() ? "" : places.front() + "/") + helper_name;
    return fail(exit_failed, "can't run the helper " + helper +
                                 ": install it, or name its folder in $TOKENBROKER_LIBEXEC");
}

}  // namespace tokenbroker::cli
