#include "host/files.hpp"

#include "support/faulty_files.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <unistd.h>

namespace tokenbroker::host {
namespace {

namespace fs = std::filesystem;

struct FilesTest : testing::Test {
    support::TempDir dir;
    support::FaultyFiles files;
    std::string path = dir / "file";
};

TEST_F(FilesTest, are_written_with_their_mode_and_group) {
    ASSERT_TRUE(write_file(files, path, "content", {0440, std::nullopt, ::getegid()}));
    EXPECT_EQ(support::read_file(path), "content");
    EXPECT_EQ(fs::status(path).permissions(), fs::perms(0440));
}

TEST_F(FilesTest, are_never_readable_by_more_than_they_will_be) {
    // At every call that is made, what lies in the folder has the final mode at most.
    for (unsigned call = 1;; ++call) {
        files.fail(call, EIO, true);
        const bool written =
            write_file(files, path, "secret", {0400, std::nullopt, std::nullopt}).has_value();
        const bool reached = files.failed();
        files.heal();
        for (const auto& entry : fs::directory_iterator(dir.path())) {
            EXPECT_EQ(entry.status().permissions() & fs::perms(0077), fs::perms::none) << call;
            fs::remove(entry);
        }
        if (written && !reached) break;
    }
}

TEST_F(FilesTest, that_are_replaced_are_old_or_new_whatever_call_fails) {
    for (const int error : {ENOSPC, EIO, EACCES}) {
        bool reached = true;
        for (unsigned call = 1; reached; ++call) {
            ASSERT_TRUE(write_file(files, path, "old", {}));
            files.tear_writes();
            files.fail(call, error);
            const auto written = write_file(files, path, "new content", {});
            reached = files.failed();
            files.heal();
            const std::string found = support::read_file(path);
            EXPECT_TRUE(found == "old" || found == "new content") << found;
            if (written) {
                EXPECT_EQ(found, "new content");
            } else {
                EXPECT_EQ(written.error().code(), error == EACCES ? Errc::access_denied : Errc::io);
            }
        }
    }
    // No half-written file is left behind.
    EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()), 1);
}

TEST_F(FilesTest, do_not_follow_a_link_that_stands_in_their_place) {
    const std::string victim = dir.write("victim", "precious");
    fs::create_symlink(victim, path);
    ASSERT_TRUE(write_file(files, path, "new", {}));
    EXPECT_EQ(support::read_file(victim), "precious");
    EXPECT_FALSE(fs::is_symlink(path));
}

TEST_F(FilesTest, that_are_made_replace_nothing) {
    ASSERT_TRUE(make_file(files, path, "first", {}));
    EXPECT_EQ(make_file(files, path, "second", {}).error().code(), Errc::locked);
    EXPECT_EQ(support::read_file(path), "first");
    EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()), 1);
}

TEST_F(FilesTest, are_read_up_to_their_limit) {
    for (const std::size_t size : {0U, 1U, 4096U, 65536U}) {
        const std::string content(size, 'x');
        dir.write("file", content);
        const auto read = read_file(files, path, 65536, Links::refuse);
        ASSERT_TRUE(read);
        EXPECT_EQ(read->bytes.reveal(), content);
    }
    dir.write("file", std::string(65537, 'x'));
    EXPECT_EQ(read_file(files, path, 65536, Links::refuse).error().code(), Errc::too_large);
}

TEST_F(FilesTest, whose_size_the_kernel_does_not_say_are_read_too) {
    const auto read = read_file(files, "/proc/self/status", 65536, Links::refuse);
    ASSERT_TRUE(read);
    EXPECT_NE(read->bytes.reveal().find("Pid:"), std::string_view::npos);
}

TEST_F(FilesTest, are_read_through_a_link_only_where_allowed) {
    fs::create_symlink(dir.write("real", "content"), path);
    EXPECT_FALSE(read_file(files, path, 100, Links::refuse));
    EXPECT_EQ(read_file(files, path, 100, Links::follow)->bytes.reveal(), "content");
}

TEST_F(FilesTest, that_are_none_are_told_apart) {
    EXPECT_EQ(read_file(files, path, 100, Links::follow).error().code(), Errc::not_found);
    EXPECT_EQ(read_file(files, dir.path(), 100, Links::follow).error().code(), Errc::invalid_input);
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_EQ(read_file(files, path, 100, Links::follow).error().code(), Errc::invalid_input);
}

TEST_F(FilesTest, are_removed_once_and_for_all) {
    dir.write("file", "x");
    EXPECT_TRUE(remove_file(files, path));
    EXPECT_FALSE(fs::exists(path));
    EXPECT_TRUE(remove_file(files, path));
}

TEST(FolderOf, is_what_stands_before_the_last_slash) {
    EXPECT_EQ(folder_of("/a/b"), "/a");
    EXPECT_EQ(folder_of("/a"), "/");
    EXPECT_EQ(folder_of("a"), ".");
}

}  // namespace
}  // namespace tokenbroker::host
