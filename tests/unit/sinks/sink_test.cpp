#include "sinks/sink_set.hpp"
#include "support/fake_broker.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_log.hpp"
#include "support/faulty_files.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
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
    static asio::awaitable<void> mark(async::Offload& pool, bool& done) {
        std::function<bool()> nothing = [] { return true; };
        done = co_await pool.run<bool>(std::move(nothing));
    }
    // Until what was handed to the one worker is done, and what came of it.
    void settle_files() { settle(offload); }
    // The same for commands: all have ended.
    void settle() {
        settle(offload);
        settle(commands);
    }
    void settle(async::Offload& pool) {
        for (int round = 0; round < 4; ++round) {
            clock.settle();
            bool done = false;
            calls.spawn("marker", mark(pool, done));
            while (!done) {
                loop.restart();
                loop.run_one_for(1s);
            }
        }
        clock.settle();
    }
    void until(const std::function<bool()>& condition) {
        const auto end = std::chrono::steady_clock::now() + 10s;
        while (!condition()) {
            ASSERT_LT(std::chrono::steady_clock::now(), end);
            loop.restart();
            loop.run_one_for(10ms);
        }
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
    async::Offload commands{loop, 1};
    async::Nursery calls{loop.get_executor()};
    std::shared_ptr<support::FakeAccount> account =
        std::make_shared<support::FakeAccount>(clock, "rossum");
    std::string path = folder / "rossum.token";
    SinkSet sinks{{loop.get_executor(), clock, offload, commands, files, log}};
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

TEST_F(SinkTest, a_changed_mode_runs_no_command) {
    account->publish(1, "first");
    configure({settings()});
    Settings changed = settings();
    changed.mode = 0400;
    changed.then = {"/bin/false"};
    configure({changed});
    struct stat facts {};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777U, 0400U);
    EXPECT_EQ(status().last_command, std::nullopt);
}

// A command that writes down that it began, and ends when it is told to.
class SinkCommandTest : public SinkTest {
protected:
    SinkCommandTest() { EXPECT_EQ(::mkfifo(go_on.c_str(), 0600), 0); }
    Settings with_command() {
        Settings made = settings();
        made.then = {folder.write(
            "then", "#!/bin/sh\necho >> " + (folder / "ran") + "\nread line < " + go_on + "\n",
            0700)};
        return made;
    }
    [[nodiscard]] std::size_t runs() const {
        return std::filesystem::exists(folder / "ran") ? support::read_file(folder / "ran").size()
                                                       : 0;
    }
    // Waits for the command to listen.
    void let_it_end() const { std::ofstream(go_on) << "\n"; }

    std::string go_on = folder / "go_on";
};

TEST_F(SinkCommandTest, the_file_goes_with_the_token_while_its_command_still_runs) {
    account->publish(1, "first");
    std::vector<AccountSinks> all;
    all.push_back({account, {with_command()}});
    calls.spawn("apply", sinks.apply(std::move(all)));
    until([&] { return runs() == 1; });
    account->lose();
    settle_files();
    EXPECT_EQ(content(), "(no file)");
    EXPECT_EQ(status().state, "removed");
    let_it_end();
    settle();
    EXPECT_EQ(status().last_command, "ok");
}

TEST_F(SinkCommandTest, runs_once_more_where_the_content_changed_meanwhile) {
    account->publish(1, "first");
    std::vector<AccountSinks> all;
    all.push_back({account, {with_command()}});
    calls.spawn("apply", sinks.apply(std::move(all)));
    until([&] { return runs() == 1; });
    for (const std::uint64_t generation : {2U, 3U, 4U}) {
        account->publish(generation, "token " + std::to_string(generation));
        settle_files();
    }
    EXPECT_EQ(content(), "token 4");
    EXPECT_EQ(runs(), 1U) << "one at a time";
    let_it_end();
    until([&] { return runs() == 2; });
    let_it_end();
    settle();
    EXPECT_EQ(runs(), 2U);
}

TEST_F(SinkCommandTest, that_takes_longer_than_its_timeout_is_killed_and_counted) {
    account->publish(1, "first");
    Settings impatient = with_command();
    impatient.timeout = Milliseconds(100);
    configure({impatient});
    EXPECT_NE(status().last_command.value_or("").find("100ms"), std::string::npos)
        << status().last_command.value_or("");
    EXPECT_EQ(status().failures, 1U);
    EXPECT_EQ(log.count("sink_command_failed"), 1U);
    EXPECT_EQ(content(), "first");
}

// Files whose rename waits until it is let go.
class SlowFiles final : public host::FileSystem {
public:
    int rename(const char* from, const char* to) override {
        reached = true;
        go_on.wait(false);
        return FileSystem::rename(from, to);
    }
    std::atomic<bool> reached = false;
    std::atomic<bool> go_on = false;
};

class SlowSinkTest : public SinkTest {
protected:
    ~SlowSinkTest() override { run(slow.stop()); }
    asio::awaitable<void> apply(std::vector<Settings> wanted, bool& done) {
        std::vector<AccountSinks> all;
        all.push_back({account, std::move(wanted)});
        co_await slow.apply(std::move(all));
        done = true;
    }
    void begin(std::vector<Settings> wanted, bool& done) {
        calls.spawn("apply", apply(std::move(wanted), done));
    }
    void let_go() {
        slow_files.go_on = true;
        slow_files.go_on.notify_all();
    }
    SlowFiles slow_files;
    async::Offload two{loop, 2};
    SinkSet slow{{loop.get_executor(), clock, two, commands, slow_files, log}};
};

TEST_F(SlowSinkTest, a_write_under_way_is_done_before_the_file_of_a_sink_that_left_is_removed) {
    account->publish(1, "first");
    bool started = false;
    bool left = false;
    begin({settings()}, started);
    until([&] { return slow_files.reached.load(); });
    begin({}, left);
    clock.settle();
    EXPECT_FALSE(left);
    let_go();
    until([&] { return left; });
    EXPECT_EQ(content(), "(no file)");
    EXPECT_TRUE(slow.status(account->name()).empty());
}

TEST_F(SlowSinkTest, a_write_under_way_is_done_before_that_of_changed_settings) {
    account->publish(1, "first");
    bool started = false;
    begin({settings()}, started);
    until([&] { return slow_files.reached.load(); });
    Settings changed = settings();
    changed.format = Format::env;
    begin({changed}, started);
    clock.settle();
    let_go();
    until([&] { return content().find('=') != std::string::npos; });
    settle(two);
    EXPECT_NE(content().find('='), std::string::npos);
}

TEST_F(SinkTest, a_file_that_can_not_be_removed_stays_in_the_status_and_is_tried_again) {
    account->publish(1, "first");
    configure({settings()});
    files.fail(1, EROFS, true);
    std::vector<AccountSinks> none;
    calls.spawn("apply", sinks.apply(std::move(none)));
    settle_files();
    EXPECT_EQ(status().state, "failed");
    EXPECT_EQ(content(), "first");
    files.heal();
    clock.advance(2s);
    settle();
    EXPECT_EQ(content(), "(no file)");
    EXPECT_TRUE(sinks.status(account->name()).empty());
}

}  // namespace
}  // namespace tokenbroker::sinks
