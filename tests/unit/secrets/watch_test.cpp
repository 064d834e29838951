#include "secrets/watch.hpp"

#include "async/nursery.hpp"
#include "host/system_clock.hpp"
#include "support/await.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace tokenbroker::secrets {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

// Time is made up, inotify and the files are the kernel's: settle() waits for what really happens.
struct WatchTest : testing::Test {
    void watch(const std::string& path) {
        seen = look_at(path);
        watch(path, seen);
    }
    void watch(const std::string& path, std::optional<FileVersion> before) {
        tasks.spawn("watch",
                    support::keep_result(file_change(path, before, clock, offload), changed));
        settle();
    }
    ~WatchTest() override {
        tasks.cancel();
        loop.restart();
        loop.run();
    }
    // Until the loop waits for time or the kernel alone.
    void settle() {
        std::function<bool()> nothing = [] { return true; };
        for (int i = 0; i < 3; ++i) {
            std::optional<bool> done;
            support::start(loop, offload.run<bool>(nothing), done);
            while (!done) {
                loop.restart();
                loop.run_one();
            }
            clock.settle();
        }
    }
    void pass(Milliseconds time) {
        constexpr Milliseconds step = std::chrono::milliseconds(50);
        for (Milliseconds gone{}; gone < time && !changed; gone += step) {
            clock.advance(step);
            settle();
        }
    }
    void append(const std::string& path, const std::string& text) {
        std::ofstream(path, std::ios::app) << text;
    }

    support::TempDir dir;
    asio::io_context loop{1};
    async::Offload offload{loop, 1};
    support::FakeClock clock{loop};
    async::Nursery tasks{loop.get_executor()};
    std::optional<FileVersion> changed;
    FileVersion seen;
};

TEST_F(WatchTest, says_nothing_where_nothing_changes) {
    watch(dir.write("secret", "x"));
    pass(std::chrono::minutes(1));
    EXPECT_FALSE(changed);
}

TEST_F(WatchTest,
       notices_a_file_that_was_renamed_into_place_and_waits_until_it_was_the_same_for_a_second) {
    watch(dir.write("secret", "old"));
    dir.write("secret", "new");
    pass(std::chrono::milliseconds(900));
    EXPECT_FALSE(changed);
    pass(std::chrono::milliseconds(500));
    EXPECT_TRUE(changed);
}

TEST_F(WatchTest, waits_on_while_it_is_being_written) {
    const std::string path = dir.write("secret", "old");
    watch(path);
    for (int i = 0; i < 8; ++i) {
        append(path, "more");
        pass(std::chrono::milliseconds(500));
        EXPECT_FALSE(changed);
    }
    pass(std::chrono::milliseconds(1500));
    EXPECT_TRUE(changed);
}

TEST_F(WatchTest, notices_a_switched_link_as_container_platforms_make_it) {
    dir.make_folder("v1");
    dir.write("v1/secret", "old");
    dir.make_folder("v2");
    dir.write("v2/secret", "new");
    fs::create_directory_symlink("v1", dir / "..data");
    fs::create_symlink("..data/secret", dir / "secret");
    watch(dir / "secret");
    fs::create_directory_symlink("v2", dir / "..tmp");
    fs::rename(dir / "..tmp", dir / "..data");
    pass(std::chrono::milliseconds(1500));
    EXPECT_TRUE(changed);
}

TEST_F(WatchTest, notices_that_a_file_comes_and_that_it_goes) {
    watch(dir / "secret");
    dir.write("secret", "x");
    pass(std::chrono::milliseconds(1500));
    ASSERT_TRUE(changed);
    changed.reset();
    watch(dir / "secret");
    fs::remove(dir / "secret");
    pass(std::chrono::milliseconds(1500));
    ASSERT_TRUE(changed);
    EXPECT_EQ(changed->error, ENOENT);
}

TEST_F(WatchTest, notices_within_five_seconds_where_the_folder_was_not_there_to_be_watched) {
    watch(dir / "later/secret");
    dir.make_folder("later");
    dir.write("later/secret", "x");
    pass(std::chrono::seconds(5));
    EXPECT_TRUE(changed);
}

TEST_F(WatchTest, notices_what_changed_between_the_reading_and_the_watch) {
    const std::string path = dir.write("secret", "old");
    const FileVersion before = look_at(path);
    dir.write("secret", "new");
    watch(path, before);
    pass(std::chrono::milliseconds(1500));
    EXPECT_TRUE(changed);
}

TEST_F(WatchTest, ends_when_it_is_cancelled) {
    watch(dir / "secret", std::nullopt);
    tasks.cancel();
    loop.restart();
    loop.run();
    EXPECT_TRUE(tasks.empty());
    EXPECT_FALSE(changed);
}

TEST(WatchInRealTime, notices_within_five_seconds_by_inotify_alone) {
    const support::TempDir dir;
    asio::io_context loop{1};
    async::Offload offload(loop, 1);
    host::SystemClock clock(loop.get_executor());
    const std::string path = dir.write("secret", "old");
    std::optional<FileVersion> changed;
    const FileVersion seen = look_at(path);
    support::start(loop, file_change(path, seen, clock, offload), changed);
    dir.write("secret", "new");
    const BootTime begin = clock.now().boot;
    loop.run();
    EXPECT_TRUE(changed);
    EXPECT_LT(clock.now().boot - begin, std::chrono::seconds(5));
}

}  // namespace
}  // namespace tokenbroker::secrets
