#include "integration/world.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

// What README.md and config/examples tell people to write, as it stands there, on a real daemon.
namespace tokenbroker::integration {
namespace {

const std::string source_folder = SOURCE_FOLDER;
const std::string account = "rossum-prod";

std::string with(std::string text, const std::string& what, const std::string& other) {
    const auto at = text.find(what);
    if (at == std::string::npos) throw std::runtime_error("no " + what + " in " + text);
    return text.replace(at, what.size(), other);
}

// The block of README.md that shows how to ask for a token in that language.
std::string readme_block(const std::string& language) {
    const std::string readme = read_file(source_folder + "/README.md");
    const std::string opening = "\n```" + language + "\n";
    const auto begin = readme.find(opening, readme.find("\n## Ask for a token\n"));
    const auto end = readme.find("\n```\n", begin + opening.size());
    if (begin == std::string::npos || end == std::string::npos)
        throw std::runtime_error("README.md has no block in " + language);
    return readme.substr(begin + opening.size(), end + 1 - begin - opening.size());
}

class Examples : public ::testing::Test {
protected:
    void SetUp() override {
        world.start({Account{.name = account}});
        const HttpAnswer answer = world.daemon.token(account);
        token = token_of(answer);
        generation = std::to_string(generation_of(answer));
        expires_at = text(body_of(answer).at("expires_at"));
    }

    [[nodiscard]] std::string for_our_socket(const std::string& text) const {
        return with(text, "/run/tokenbroker/tokenbroker.sock", world.daemon.socket());
    }
    // As a person would type it, in a folder of their own.
    [[nodiscard]] Ran shell(const std::string& script) const {
        const char* path = std::getenv("PATH");
        const std::string tools = std::filesystem::path(TOKENCTL).parent_path();
        const std::string whole = "set -eu\nPATH=" + tools + ":" + (path != nullptr ? path : "") +
                                  "\nexport PATH\ncd " + world.folder.path() + "\n" + script;
        return run({"/bin/sh", "-c", whole}, {{"TOKENBROKER_SOCKET", world.daemon.socket()},
                                              {"CURL_CA_BUNDLE", world.sandbox.ca_file()}});
    }
    [[nodiscard]] Ran python(const std::string& arguments) const {
        return shell("python3 -I -S " + arguments);  // nothing but the standard library is found
    }

    World world;
    std::string token;
    std::string generation;
    std::string expires_at;
};

TEST_F(Examples, of_the_readme_for_the_shell) {
    world.folder.write("my-script", "#!/bin/sh\necho \"script: $ACCESS_TOKEN\"\n", 0755);
    const std::string block = with(readme_block("sh"), "https://mycompany.rossum.app/api/v1/queues",
                                   world.sandbox.url() + "/api/v1/auth/user");
    const Ran ran = shell(for_our_socket(block));
    EXPECT_EQ(ran.exit.status, 0) << ran.errors;
    EXPECT_EQ(ran.output.find(R"({"account":"rossum-prod","access_token":")" + token), 0U);
    EXPECT_NE(ran.output.find("\"api_user@mycompany\""), std::string::npos)
        << "what the upstream says of who the token is: " << ran.output;
    EXPECT_NE(ran.output.find("script: " + token + "\n"), std::string::npos);
}

TEST_F(Examples, of_the_readme_for_python) {
    const std::string file =
        world.folder.write("readme.py", for_our_socket(readme_block("python")));
    const Ran ran = python(file);
    EXPECT_EQ(ran.errors, "");
    EXPECT_EQ(ran.output, "Authorization expires " + expires_at + "\n");
}

TEST_F(Examples, of_the_readme_for_node) {
    const std::string file = world.folder.write("readme.mjs", for_our_socket(readme_block("js")));
    const Ran ran = shell("node " + file);
    EXPECT_EQ(ran.errors, "");
    EXPECT_EQ(ran.output, "Authorization expires " + expires_at + "\n");
}

TEST_F(Examples, for_python_get_a_token_and_report_a_rejected_one) {
    const std::string folder = source_folder + "/config/examples/python";
    EXPECT_EQ(python(folder + "/get_token.py " + account).output, token + "\n");
    const Ran unknown = python(folder + "/get_token.py none");
    EXPECT_EQ(unknown.exit.status, 1);
    EXPECT_EQ(unknown.errors.find("get_token.py: tokenbroker: "), 0U) << unknown.errors;
    const Ran reported =
        python("-c 'import sys; sys.dont_write_bytecode = True; sys.path.append(\"" + folder +
               "\"); import get_token\nprint(get_token.rejected(get_token.token_for(\"" + account +
               "\"))[\"generation\"])'");
    EXPECT_EQ(reported.output, generation + "\n") << reported.errors;
    EXPECT_EQ(world.sandbox.count("rossum.user").requests, 1U) << "the upstream was asked";
}

TEST_F(Examples, for_node_get_a_token_and_report_a_rejected_one) {
    const std::string file = source_folder + "/config/examples/node/get_token.mjs";
    EXPECT_EQ(shell("node " + file + " " + account).output, token + "\n");
    const Ran unknown = shell("node " + file + " none");
    EXPECT_EQ(unknown.exit.status, 1);
    EXPECT_EQ(unknown.errors.find("get_token.mjs: tokenbroker: "), 0U) << unknown.errors;
    const std::string program =
        world.folder.write("report.mjs", "import { tokenFor, rejected } from '" + file +
                                             "';\nconsole.log((await rejected(await tokenFor('" +
                                             account + "'))).generation);\n");
    const Ran reported = shell("node " + program);
    EXPECT_EQ(reported.output, generation + "\n") << reported.errors;
    EXPECT_EQ(world.sandbox.count("rossum.user").requests, 1U) << "the upstream was asked";
}

}  // namespace
}  // namespace tokenbroker::integration
