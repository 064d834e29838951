#include "state/directory.hpp"

#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <sys/wait.h>
#include <unistd.h>

namespace tokenbroker::state {
namespace {

TEST(StateDirectory, is_made_for_us_alone_where_it_is_not_there) {
    const support::TempDir dir;
    const auto taken = StateDirectory::take(dir / "state");
    ASSERT_TRUE(taken);
    EXPECT_EQ(std::filesystem::status(dir / "state").permissions(), std::filesystem::perms(0700));
}

TEST(StateDirectory, that_others_may_read_or_write_is_refused) {
    const support::TempDir dir;
    for (const mode_t mode : {0770U, 0755U, 0707U, 0701U, 0777U}) {
        std::filesystem::remove_all(dir / "state");
        std::filesystem::create_directory(dir / "state");
        std::filesystem::permissions(dir / "state", std::filesystem::perms(mode));
        const auto taken = StateDirectory::take(dir / "state");
        ASSERT_FALSE(taken) << mode;
        EXPECT_EQ(taken.error().code(), Errc::misconfigured);
        EXPECT_NE(taken.error().message().find(dir / "state"), std::string::npos);
    }
}

TEST(StateDirectory, that_is_no_folder_is_refused) {
    const support::TempDir dir;
    const auto taken = StateDirectory::take(dir.write("state", "x"));
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code(), Errc::misconfigured);
}

TEST(StateDirectory, in_use_by_another_process_names_it) {
    const support::TempDir dir;
    const std::string path = dir.make_folder("state");
    std::array<int, 2> ready{};
    ASSERT_EQ(::pipe(ready.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const auto held = StateDirectory::take(path);
        const char said = held ? 'y' : 'n';
        if (::write(ready[1], &said, 1) != 1) ::_exit(1);
        ::pause();
        ::_exit(0);
    }
    char said = 0;
    ASSERT_EQ(::read(ready[0], &said, 1), 1);
    ASSERT_EQ(said, 'y');
    const auto taken = StateDirectory::take(path);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code(), Errc::locked);
    EXPECT_NE(taken.error().message().find("pid " + std::to_string(child) + " (unit_state)"),
              std::string::npos)
        << taken.error().message();
    // The lock goes with the process, however it ends.
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_TRUE(StateDirectory::take(path));
    ::close(ready[0]);
    ::close(ready[1]);
}

TEST(StateDirectory, is_free_again_once_it_was_dropped) {
    const support::TempDir dir;
    const std::string path = dir.make_folder("state");
    {
        const auto first = StateDirectory::take(path);
        EXPECT_TRUE(first);
        EXPECT_EQ(StateDirectory::take(path).error().code(), Errc::locked);
    }
    EXPECT_TRUE(StateDirectory::take(path));
}

}  // namespace
}  // namespace tokenbroker::state
