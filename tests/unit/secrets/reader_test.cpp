#include "secrets/reader.hpp"

#include "async/nursery.hpp"
#include "support/await.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

namespace tokenbroker::secrets {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

struct ReaderTest : testing::Test {
    std::unique_ptr<SecretReader> reader_of(decltype(SecretSource::from) what) {
        SecretSource source;
        source.from = std::move(what);
        return std::make_unique<SecretReader>(std::move(source), "acme", variables, clock, offload);
    }
    // Lets time pass in small steps until the coroutine has ended, for a minute at most.
    template <class T>
    std::optional<T> within_a_minute(asio::awaitable<T> task) {
        std::optional<T> result;
        support::start(loop, std::move(task), result);
        begin = clock.now().boot;
        for (int i = 0; i < 1200 && !result; ++i) {
            settle();
            if (!result) clock.advance(std::chrono::milliseconds(50));
        }
        return result;
    }
    void settle() {
        std::function<bool()> nothing = [] { return true; };
        std::optional<bool> done;
        support::start(loop, offload.run<bool>(nothing), done);
        while (!done) {
            loop.restart();
            loop.run_one();
        }
        clock.settle();
    }
    std::string text(SecretReader& reader) {
        const auto read = within_a_minute(reader.read());
        if (!read) return "never";
        return *read ? std::string((*read)->reveal()) : "error: " + read->error().message();
    }
    [[nodiscard]] Milliseconds took() const { return clock.now().boot - begin; }

    support::TempDir dir;
    std::map<std::string, std::string> values;
    host::Variables variables = [this](const char* name) -> std::optional<std::string> {
        const auto found = values.find(name);
        if (found == values.end()) return std::nullopt;
        return found->second;
    };
    asio::io_context loop{1};
    async::Offload offload{loop, 1};
    support::FakeClock clock{loop};
    BootTime begin;
};

TEST_F(ReaderTest, reads_a_file_at_once_the_first_time_and_anew_for_each_login) {
    const auto reader = reader_of(SecretFile{dir.write("secret", "one\n")});
    EXPECT_EQ(text(*reader), "one");
    EXPECT_EQ(took(), Milliseconds(0));
    EXPECT_EQ(text(*reader), "one");
    EXPECT_EQ(took(), Milliseconds(0));
    dir.write("secret", "two\n");
    EXPECT_EQ(text(*reader), "two");
}

TEST_F(ReaderTest, takes_a_changed_file_once_it_was_the_same_for_a_second) {
    const auto reader = reader_of(SecretFile{dir.write("secret", "one")});
    EXPECT_EQ(text(*reader), "one");
    dir.write("secret", "two");
    EXPECT_EQ(text(*reader), "two");
    EXPECT_GE(took(), settle_time);
    EXPECT_LE(took(), settle_time + std::chrono::milliseconds(100));
}

TEST_F(ReaderTest, does_not_wait_a_second_time_for_what_the_watch_saw_settle) {
    const auto reader = reader_of(SecretFile{dir.write("secret", "one")});
    EXPECT_EQ(text(*reader), "one");
    async::Nursery nursery(loop.get_executor());
    nursery.spawn("watch", reader->may_have_changed());
    settle();
    dir.write("secret", "two");
    for (int i = 0; i < 100 && !nursery.empty(); ++i) {
        clock.advance(std::chrono::milliseconds(50));
        settle();
    }
    ASSERT_TRUE(nursery.empty());
    EXPECT_EQ(text(*reader), "two");
    EXPECT_EQ(took(), Milliseconds(0));
}

TEST_F(ReaderTest, reads_what_can_not_change_once) {
    values = {{"PASSWORD", "one"}, {"CREDENTIALS_DIRECTORY", dir.path()}};
    dir.write("cred", "one");
    const auto variable = reader_of(SecretVariable{"PASSWORD"});
    const auto credential = reader_of(SecretCredential{"cred"});
    EXPECT_EQ(text(*variable), "one");
    EXPECT_EQ(text(*credential), "one");
    values["PASSWORD"] = "two";
    dir.write("cred", "two");
    EXPECT_EQ(text(*variable), "one");
    EXPECT_EQ(text(*credential), "one");
}

TEST_F(ReaderTest, tries_again_where_nothing_was_there) {
    values = {{"CREDENTIALS_DIRECTORY", dir.path()}};
    const auto reader = reader_of(SecretCredential{"cred"});
    EXPECT_EQ(text(*reader).substr(0, 6), "error:");
    async::Nursery nursery(loop.get_executor());
    nursery.spawn("watch", reader->may_have_changed());
    settle();
    dir.write("cred", "here");
    for (int i = 0; i < 100 && !nursery.empty(); ++i) {
        clock.advance(std::chrono::milliseconds(50));
        settle();
    }
    EXPECT_TRUE(nursery.empty());
    EXPECT_EQ(text(*reader), "here");
}

TEST_F(ReaderTest, says_of_a_command_every_five_minutes_that_it_may_have_changed) {
    const auto reader = reader_of(SecretCommand{{"/bin/true"}});
    async::Nursery nursery(loop.get_executor());
    nursery.spawn("watch", reader->may_have_changed());
    settle();
    clock.advance(std::chrono::seconds(299));
    EXPECT_FALSE(nursery.empty());
    clock.advance(std::chrono::seconds(1));
    settle();
    EXPECT_TRUE(nursery.empty());
}

TEST_F(ReaderTest, says_never_of_a_plain_value_and_can_be_left) {
    const auto reader = reader_of(SecretValue{Secret("plain")});
    EXPECT_EQ(text(*reader), "plain");
    async::Nursery nursery(loop.get_executor());
    nursery.spawn("watch", reader->may_have_changed());
    settle();
    clock.advance(std::chrono::hours(24));
    EXPECT_FALSE(nursery.empty());
    nursery.cancel();
    loop.restart();
    loop.run();
    EXPECT_TRUE(nursery.empty());
}

TEST_F(ReaderTest, knows_whether_everybody_may_read_the_file) {
    const auto open = reader_of(SecretFile{dir.write("open", "x", 0644)});
    EXPECT_EQ(text(*open), "x");
    EXPECT_TRUE(open->world_readable());
    const auto closed = reader_of(SecretFile{dir.write("closed", "x", 0600)});
    EXPECT_EQ(text(*closed), "x");
    EXPECT_FALSE(closed->world_readable());
}

}  // namespace
}  // namespace tokenbroker::secrets
