#include "secrets/read.hpp"

#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <sys/stat.h>

namespace tokenbroker::secrets {
namespace {

SecretSource from(decltype(SecretSource::from) what) {
    return {std::move(what), {}};
}

struct ReadTest : testing::Test {
    host::Variables variables = [this](const char* name) -> std::optional<std::string> {
        const auto found = values.find(name);
        if (found == values.end()) return std::nullopt;
        return found->second;
    };
    Result<Reading> read(decltype(SecretSource::from) what) {
        return read_secret(from(std::move(what)), variables, "acme");
    }
    std::string text(decltype(SecretSource::from) what) {
        const auto reading = read(std::move(what));
        return reading ? std::string(reading->bytes.reveal())
                       : "error: " + reading.error().message();
    }

    support::TempDir dir;
    std::map<std::string, std::string> values;
};

TEST_F(ReadTest, finds_a_secret_in_every_kind_of_source) {
    values = {{"PASSWORD", "of env"}, {"CREDENTIALS_DIRECTORY", dir.path()}};
    dir.write("cred", "of credential");
    EXPECT_EQ(text(SecretFile{dir.write("file", "of file")}), "of file");
    EXPECT_EQ(text(SecretCredential{"cred"}), "of credential");
    EXPECT_EQ(text(SecretVariable{"PASSWORD"}), "of env");
    EXPECT_EQ(text(SecretCommand{{"/bin/sh", "-c", "printf 'of %s' $TOKENBROKER_ACCOUNT"}}),
              "of acme");
    EXPECT_EQ(text(SecretValue{Secret("plain")}), "plain");
}

TEST_F(ReadTest, cuts_one_newline_and_no_more) {
    const std::map<std::string, std::string> cases{
        {"x", "x"},     {"x\n", "x"},     {"x\r\n", "x"}, {"x\n\n", "x\n"}, {"x\r\n\r\n", "x\r\n"},
        {"x\r", "x\r"}, {" x \n", " x "}, {"\nx", "\nx"}};
    for (const auto& [content, expected] : cases)
        EXPECT_EQ(text(SecretFile{dir.write("file", content)}), expected);
}

TEST_F(ReadTest, refuses_what_is_empty_has_a_nul_or_is_too_long) {
    for (const char* content : {"", "\n", "\r\n"})
        EXPECT_EQ(read(SecretFile{dir.write("file", content)}).error().code(), Errc::invalid_input);
    EXPECT_EQ(read(SecretFile{dir.write("file", std::string("a\0b", 3))}).error().code(),
              Errc::invalid_input);
    EXPECT_EQ(text(SecretFile{dir.write("file", std::string(longest_secret, 'x') + "\r\n")}).size(),
              longest_secret);
    EXPECT_EQ(
        read(SecretFile{dir.write("file", std::string(longest_secret + 1, 'x'))}).error().code(),
        Errc::too_large);
    EXPECT_EQ(
        read(SecretFile{dir.write("file", std::string(longest_secret * 2, 'x'))}).error().code(),
        Errc::too_large);
    EXPECT_EQ(read(SecretCommand{{"/usr/bin/head", "-c", "70000", "/dev/zero"}}).error().code(),
              Errc::too_large);
    values["EMPTY"] = "";
    EXPECT_EQ(read(SecretVariable{"EMPTY"}).error().code(), Errc::invalid_input);
}

TEST_F(ReadTest, names_the_source_and_never_the_secret) {
    EXPECT_EQ(read(SecretVariable{"NOPE"}).error().code(), Errc::not_found);
    EXPECT_NE(text(SecretVariable{"NOPE"}).find("NOPE"), std::string::npos);
    EXPECT_EQ(read(SecretCredential{"x"}).error().code(), Errc::not_found);
    EXPECT_NE(text(SecretCredential{"x"}).find("CREDENTIALS_DIRECTORY"), std::string::npos);
    EXPECT_EQ(read(SecretFile{dir / "nope"}).error().code(), Errc::not_found);
    const std::string nul = std::string("planted\0secret", 14);
    EXPECT_EQ(text(SecretFile{dir.write("file", nul)}).find("planted"), std::string::npos);
}

TEST_F(ReadTest, takes_no_word_of_a_command_that_failed) {
    const std::string said = text(SecretCommand{{"/bin/sh", "-c", "printf planted; exit 4"}});
    EXPECT_NE(said.find("exit status 4"), std::string::npos) << said;
    EXPECT_EQ(said.find("planted"), std::string::npos);
    EXPECT_EQ(read(SecretCommand{{"/nowhere"}}).error().code(), Errc::not_found);
}

TEST_F(ReadTest, gives_a_key_as_it_is) {
    const std::string key(31, 'k');
    const auto raw = read_raw(from(SecretFile{dir.write("key", key + "\n")}), variables, "");
    ASSERT_TRUE(raw);
    EXPECT_EQ(raw->bytes.size(), 32U);
}

TEST_F(ReadTest, sees_who_else_may_read_it) {
    EXPECT_FALSE(read(SecretFile{dir.write("file", "x", 0600)})->world_readable());
    EXPECT_FALSE(read(SecretFile{dir.write("file", "x", 0640)})->world_readable());
    EXPECT_TRUE(read(SecretFile{dir.write("file", "x", 0604)})->world_readable());
    EXPECT_FALSE(read(SecretFile{dir.write("file", "x", 0440)})->too_open_for_key());
    EXPECT_TRUE(read(SecretFile{dir.write("file", "x", 0660)})->too_open_for_key());
    EXPECT_TRUE(read(SecretFile{dir.write("file", "x", 0602)})->too_open_for_key());
}

}  // namespace
}  // namespace tokenbroker::secrets
