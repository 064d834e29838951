#pragma once

#include "integration/world.hpp"

#include <string>
#include <vector>

namespace tokenbroker::integration {

using Words = std::vector<std::string>;

inline Words with(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

inline std::map<std::string, std::string> tokenctl_environment(const World& world) {
    return {{"TOKENBROKER_SOCKET", world.daemon.socket()},
            {"TOKENBROKER_LIBEXEC", TOKENCTL_LIBEXEC}};
}

inline Ran tokenctl(const World& world, const Words& words, const std::string& input = "") {
    return run(with({TOKENCTL}, words), tokenctl_environment(world), input);
}

// `provision RECIPE` against the sandbox; as whom is still to be said.
inline Words provision(const World& world, const std::string& recipe) {
    return {"provision",         recipe,      "--base-url",
            world.sandbox.url(), "--ca-file", world.sandbox.ca_file()};
}
// With the administrator's password in a file.
inline Words provision_as_admin(const World& world, const std::string& recipe) {
    const std::string admin = world.folder.write("admin", "sandbox-admin-password\n");
    return with(provision(world, recipe), {"--admin-password-file", admin});
}
inline Words rossum_user(const std::string& username) {
    return {"--admin-username", "admin@mycompany.example",
            "--group",          "annotator",
            "--username",       username};
}
inline Words oz_user(const std::string& api) {
    return {"--admin-email", "admin@oz.example", "--api",        api,    "--company",   "acme",
            "--email",       "robot@acme",       "--first-name", "John", "--last-name", "Doe"};
}
// Where a password is to be made up.
inline std::string generated(const World& world) {
    return world.folder / "generated";
}

// A daemon with what was printed gets a token.
inline HttpAnswer token_with(World& world, const std::string& printed, const std::string& account) {
    world.daemon.configure(printed);
    world.daemon.start();
    return world.daemon.token(account);
}

}  // namespace tokenbroker::integration
