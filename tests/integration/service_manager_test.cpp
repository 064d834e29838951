#include "integration/world.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

// What the service manager is told at $NOTIFY_SOCKET while the daemon lives.
namespace tokenbroker::integration {
namespace {

bool is_told(const World& world, const std::string& words) {
    return eventually(
        8s, [&] { return world.daemon.notifications().find(words) != std::string::npos; });
}

TEST(ServiceManager, is_told_how_many_accounts_are_well_and_what_is_wrong_with_the_first_other) {
    World world;
    world.configure({Account(), Account{.name = "rossum-eu", .username = "nobody@mycompany"}});
    world.daemon.start();
    EXPECT_TRUE(
        is_told(world, "STATUS=2 accounts: 1 valid, 1 suspended (rossum-eu: password refused)\n"))
        << world.daemon.notifications();
}

TEST(ServiceManager, is_told_at_once_that_a_reload_was_refused_and_that_the_next_was_not) {
    World world;
    world.start({Account()});
    ASSERT_EQ(world.daemon.token("rossum").status, 200);
    world.configure({Account{.more = "    colour: red"}});
    ASSERT_EQ(world.daemon.post("/v1/reload").status, 422);
    EXPECT_TRUE(eventually(1s, [&] {
        return world.daemon.notifications().find(
                   "; last reload refused: " + world.daemon.config_file() + ":") !=
               std::string::npos;
    })) << world.daemon.notifications();
    world.configure({Account()});
    ASSERT_EQ(world.daemon.post("/v1/reload").status, 200);
    EXPECT_TRUE(eventually(1s, [&] {
        return world.daemon.notifications().ends_with("STATUS=1 account: 1 valid\n");
    })) << world.daemon.notifications();
}

TEST(ServiceManager, is_told_when_a_reload_by_signal_begins_and_ends) {
    World world;
    world.start({Account()});
    world.daemon.process().signal(SIGHUP);
    EXPECT_TRUE(is_told(world, "RELOADING=1\n"));
    EXPECT_TRUE(eventually(5s, [&] {
        const std::string told = world.daemon.notifications();
        const auto begun = told.rfind("RELOADING=1\n");
        return told.find("MONOTONIC_USEC=", begun) < told.find("READY=1\n", begun) &&
               told.find("READY=1\n", begun) != std::string::npos;
    })) << world.daemon.notifications();
}

TEST(ServiceManager, is_told_the_first_mistake_of_a_configuration_that_does_not_start) {
    World world;
    world.configure({Account{.more = "    colour: red"}});
    world.daemon.launch();
    const auto exit = world.daemon.process().wait(5s);
    ASSERT_TRUE(exit);
    EXPECT_EQ(exit->status, 78);
    EXPECT_TRUE(
        is_told(world, "STATUS=not started: 1 mistake, first " + world.daemon.config_file() + ":"))
        << world.daemon.notifications();
}

TEST(ServiceManager, is_told_the_error_number_of_what_stopped_the_start) {
    World world;
    world.configure({Account()});
    world.folder.make_folder("state", 0700);
    world.folder.make_folder("state/lock", 0700);
    world.daemon.launch();
    const auto exit = world.daemon.process().wait(5s);
    ASSERT_TRUE(exit);
    EXPECT_EQ(exit->status, 1);
    EXPECT_TRUE(is_told(world, "ERRNO=" + std::to_string(EISDIR) + "\n"))
        << world.daemon.notifications();
    EXPECT_TRUE(is_told(world, world.daemon.state_folder())) << world.daemon.notifications();
}

TEST(Watchdog, is_fed_by_the_loop_and_stops_with_it) {
    World world;
    world.configure({Account()});
    world.daemon.start({{"WATCHDOG_USEC", "400000"}});
    const auto fed = [&] {
        const std::string told = world.daemon.notifications();
        std::size_t count = 0;
        for (auto at = told.find("WATCHDOG=1"); at != std::string::npos;
             at = told.find("WATCHDOG=1", at + 1))
            ++count;
        return count;
    };
    EXPECT_TRUE(eventually(3s, [&] { return fed() >= 3; }));
    world.daemon.process().signal(SIGSTOP);
    const auto before = fed();
    EXPECT_FALSE(eventually(1s, [&] { return fed() > before + 1; }));
    world.daemon.process().signal(SIGCONT);
    EXPECT_TRUE(eventually(3s, [&] { return fed() > before + 2; }));
}

}  // namespace
}  // namespace tokenbroker::integration
