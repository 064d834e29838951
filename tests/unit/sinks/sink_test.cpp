#include "sinks/sink_set.hpp"
#include "support/fake_broker.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_log.hpp"
#include "support/faulty_files.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <sys/stat.h>

namespace tokenbroker::sinks {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

class SinkTest : public testing::Test {
protected:
    ~SinkTest() override {
        run(sinks.stop());
        EXPECT_TRUE(calls.empty());
    }

    void run(asio::awaitable<void> task) {
        calls.spawn("call", std::move(task));
        settle();
    }
    asio::awaitable<void> mark(bool& done) {
        std::function<bool()> nothing = [] { return true; };
        done = co_await offload.run<bool>(std::move(nothing));
    }
    // Until what was handed to the one worker is done, and what came of it.
    void settle() {
        for (int round = 0; round < 4; ++round) {
            clock.settle();
            bool done = false;
            calls.spawn("marker", mark(done));
            while (!done) {
                loop.restart();
                loop.run_one_for(1s);
            }
        }
        clock.settle();
    }
    Settings settings() const {
        Settings made;
        made.path = path;
        made.mode = 0440;
        return made;
    }
    void configure(std::vector<Settings> wanted) {
        std::vector<AccountSinks> all;
        all.push_back({account, std::move(wanted)});
        run(sinks.apply(std::move(all)));
    }
    std::string content() const {
        return std::filesystem::exists(path) ? support::read_file(path) : "(no file)";
    }
    broker::AccountStatus::Sink status() const { return sinks.status(account->name()).at(0); }

    asio::io_context loop{1};
    support::TempDir folder;
    support::FakeClock clock{loop};
    support::FaultyFiles files;
    support::FakeLog log;
    async::Offload offload{loop, 1};
    async::Nursery calls{loop.get_executor()};
    std::shared_ptr<support::FakeAccount> account =
        std::make_shared<support::FakeAccount>(clock, "rossum");
    std::string path = folder / "rossum.token";
    SinkSet sinks{{loop.get_executor(), clock, offload, files, log}};
};

TEST_F(SinkTest, follows_the_token) {
    account->publish(1, "first");
    configure({settings()});
    EXPECT_EQ(content(), "first");
    account->publish(2, "second");
    settle();
    EXPECT_EQ(content(), "second");
    EXPECT_EQ(status().state, "ok");
}

TEST_F(SinkTest, has_the_configured_mode) {
    account->publish(1, "first");
    configure({settings()});
    struct stat facts {};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777U, 0440U);
}

TEST_F(SinkTest, is_removed_with_the_token) {
    account->publish(1, "first");
    configure({settings()});
    account->lose();
    settle();
    EXPECT_EQ(content(), "(no file)");
    EXPECT_EQ(status().state, "removed");
}

TEST_F(SinkTest, is_removed_when_it_leaves_the_configuration_and_kept_at_a_stop) {
    account->publish(1, "first");
    configure({settings()});
    run(sinks.stop());
    EXPECT_EQ(content(), "first");
    configure({settings()});
    configure({});
    EXPECT_EQ(content(), "(no file)");
}

TEST_F(SinkTest, a_failure_degrades_it_alone_and_is_tried_again) {
    account->publish(1, "first");
    Settings other = settings();
    other.path = folder / "other.token";
    configure({other});
    files.fail(1, ENOSPC, true);
    configure({other, settings()});
    EXPECT_EQ(content(), "(no file)");
    EXPECT_EQ(log.count("sink_failed"), 1U);
    EXPECT_EQ(support::read_file(other.path), "first");
    files.heal();
    clock.advance(1s);
    settle();
    EXPECT_EQ(content(), "first");
}

TEST_F(SinkTest, its_command_runs_once_for_each_changed_content) {
    account->publish(1, "first");
    Settings with_command = settings();
    const std::string script = folder.write(
        "then", "#!/bin/sh\necho \"$TOKENBROKER_ACCOUNT\" >> " + (folder / "ran") + "\n", 0700);
    with_command.then = {script};
    configure({with_command});
    EXPECT_EQ(support::read_file(folder / "ran"), "rossum\n");
    EXPECT_EQ(status().last_command, "ok");
    account->publish(2, "first");
    settle();
    EXPECT_EQ(support::read_file(folder / "ran"), "rossum\n");
    account->publish(3, "second");
    settle();
    EXPECT_EQ(support::read_file(folder / "ran"), "rossum\nrossum\n");
}

TEST_F(SinkTest, the_outcome_of_a_command_that_fails_is_in_the_status) {
    account->publish(1, "first");
    Settings with_command = settings();
    with_command.then = {"/bin/false"};
    configure({with_command});
    EXPECT_EQ(content(), "first");
    EXPECT_EQ(status().last_command, "exit status 1");
    EXPECT_EQ(status().state, "ok");
    EXPECT_EQ(log.count("sink_command_failed"), 1U);
}

TEST_F(SinkTest, a_restart_with_the_same_token_runs_no_command) {
    account->publish(1, "first");
    configure({settings()});
    run(sinks.stop());
    Settings with_command = settings();
    with_command.then = {"/bin/false"};
    configure({with_command});
    EXPECT_EQ(status().last_command, std::nullopt);
}

TEST_F(SinkTest, a_symbolic_link_in_its_place_is_replaced_and_not_followed) {
    const std::string victim = folder.write("victim", "untouched");
    std::filesystem::create_symlink(victim, path);
    account->publish(1, "first");
    configure({settings()});
    EXPECT_EQ(support::read_file(victim), "untouched");
    EXPECT_FALSE(std::filesystem::is_symlink(path));
    EXPECT_EQ(content(), "first");
}

}  // namespace
}  // namespace tokenbroker::sinks
