#include "config/system_environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace tokenbroker::config {
namespace {

using testing::ElementsAre;

class SystemEnvironmentTest : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "environment-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::string write(const std::string& name, const std::string& content) {
        const std::string path = folder_ + "/" + name;
        std::ofstream(path) << content;
        return path;
    }

    std::string folder_;
    SystemEnvironment environment_;
};

TEST_F(SystemEnvironmentTest, reads_a_file_with_its_mode_and_owner) {
    const std::string path = write("a", "content\n");
    ASSERT_EQ(::chmod(path.c_str(), 0642), 0);
    const auto file = environment_.read_file(path, 8);
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(file->content, "content\n");
    EXPECT_EQ(file->status.mode, 0642U);
    EXPECT_EQ(file->status.owner, ::geteuid());
    EXPECT_EQ(file->status.type, Environment::FileType::regular);
}

TEST_F(SystemEnvironmentTest, reads_no_more_than_it_may) {
    const std::string path = write("a", std::string(200'000, 'x'));
    EXPECT_EQ(environment_.read_file(path, 200'000)->content.size(), 200'000U);
    const auto file = environment_.read_file(path, 199'999);
    ASSERT_FALSE(file.has_value());
    EXPECT_EQ(file.error().code(), Errc::too_large);
    EXPECT_EQ(environment_.read_file(write("empty", ""), 10)->content, "");
}

TEST_F(SystemEnvironmentTest, says_why_it_can_not_read) {
    EXPECT_EQ(environment_.read_file(folder_ + "/none", 10).error().code(), Errc::not_found);
    EXPECT_EQ(environment_.read_file(folder_ + "/none", 10).error().message(),
              "can't be read: No such file or directory (ENOENT)");
    EXPECT_EQ(environment_.read_file(folder_, 10).error().code(), Errc::invalid_input);
}

TEST_F(SystemEnvironmentTest, does_not_wait_at_a_pipe) {
    const std::string pipe = folder_ + "/pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_EQ(environment_.read_file(pipe, 10).error().message(), "not a regular file");
}

TEST_F(SystemEnvironmentTest, lists_a_folder_by_name) {
    write("b", "");
    write("a", "");
    write(".c", "");
    EXPECT_THAT(*environment_.list(folder_), ElementsAre(".c", "a", "b"));
    EXPECT_FALSE(environment_.list(folder_ + "/none").has_value());
    EXPECT_FALSE(environment_.list(folder_ + "/a").has_value());
}

TEST_F(SystemEnvironmentTest, tells_folders_from_files) {
    EXPECT_EQ(environment_.status(folder_)->type, Environment::FileType::directory);
    EXPECT_EQ(environment_.status("/dev/null")->type, Environment::FileType::other);
    EXPECT_FALSE(environment_.status(folder_ + "/none").has_value());
}

TEST_F(SystemEnvironmentTest, looks_names_up) {
    EXPECT_EQ(environment_.user("root").answer, Environment::Answer::found);
    EXPECT_EQ(environment_.user("root").id, 0U);
    EXPECT_EQ(environment_.group("root").id, 0U);
    EXPECT_EQ(environment_.user("no-such-user-here").answer, Environment::Answer::unknown);
    EXPECT_EQ(environment_.group("no-such-group-here").answer, Environment::Answer::unknown);
    EXPECT_EQ(environment_.own_uid(), ::geteuid());
}

TEST_F(SystemEnvironmentTest, reads_variables) {
    ::setenv("TOKENBROKER_TEST_VARIABLE", "x", 1);
    EXPECT_EQ(environment_.variable("TOKENBROKER_TEST_VARIABLE"), "x");
    ::unsetenv("TOKENBROKER_TEST_VARIABLE");
    EXPECT_EQ(environment_.variable("TOKENBROKER_TEST_VARIABLE"), std::nullopt);
}

}  // namespace
}  // namespace tokenbroker::config
