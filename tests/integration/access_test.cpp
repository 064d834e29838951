#include "integration/world.hpp"
#include "support/own_machine.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <grp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace tokenbroker::integration {
namespace {

// Numbers that no account of the machine has.
constexpr uid_t somebody = 61001;
constexpr uid_t stranger = 61002;
constexpr gid_t primary = 61003;
constexpr gid_t supplementary = 61004;

// "STATUS PROBLEM-TYPE" of a request made by another user.
std::string as(uid_t uid, const std::vector<gid_t>& groups, const World& world,
               const std::string& target, const std::string& method = "GET") {
    const std::string socket = world.daemon.socket();
    return as_user(uid, primary, groups, [&] {
        const HttpAnswer answer = http(socket, method, target);
        std::string line = std::to_string(answer.status);
        if (answer.status >= 400) line += " " + text(body_of(answer).at("type"));
        return line;
    });
}

std::string body_as(uid_t uid, const World& world, const std::string& target) {
    const std::string socket = world.daemon.socket();
    return as_user(uid, primary, {}, [&] { return http_get(socket, target).body; });
}

class Access : public ::testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "needs root, to be other users";
    }
};

TEST_F(Access, follows_uid_gid_and_supplementary_groups_and_denies_by_default) {
    World world;
    world.start({Account{.name = "by-uid", .allow = "[ { uid: 61001 } ]"},
                 Account{.name = "by-gid", .allow = "[ { gid: 61004 } ]"},
                 Account{.name = "by-both", .allow = "[ { uid: 61001, gid: 61004 } ]"},
                 Account{.name = "nobody-s", .allow = "[]"}},
                impatient);
    const auto token = [](const std::string& account) {
        return "/v1/accounts/" + account + "/token";
    };
    const std::string denied = "403 /problems/access-denied";

    EXPECT_EQ(as(somebody, {}, world, token("by-uid")), "200");
    EXPECT_EQ(as(stranger, {}, world, token("by-uid")), denied);
    EXPECT_EQ(as(stranger, {supplementary}, world, token("by-gid")), "200");
    EXPECT_EQ(as(stranger, {}, world, token("by-gid")), denied);
    EXPECT_EQ(as(somebody, {supplementary}, world, token("by-both")), "200");
    EXPECT_EQ(as(somebody, {}, world, token("by-both")), denied);
    EXPECT_EQ(as(stranger, {supplementary}, world, token("by-both")), denied);
    EXPECT_EQ(as(somebody, {}, world, token("nobody-s")), denied);
    EXPECT_EQ(world.daemon.token("nobody-s").status, 200) << "an admin may use every account";
}

TEST_F(Access, who_may_use_nothing_is_not_told_which_accounts_there_are) {
    World world;
    world.start({Account{.allow = "[ { uid: 61001 } ]"}});
    EXPECT_EQ(as(somebody, {}, world, "/v1/accounts/unheard-of/token"),
              "404 /problems/unknown-account");
    EXPECT_EQ(as(stranger, {}, world, "/v1/accounts/unheard-of/token"),
              "403 /problems/access-denied");
    EXPECT_EQ(world.daemon.token("unheard-of").status, 404);
}

TEST_F(Access, lists_and_numbers_show_a_peer_only_its_own) {
    World world;
    world.start({Account{.name = "first", .allow = "[ { uid: 61001 } ]"},
                 Account{.name = "second", .allow = "[]"}});
    const std::string list = body_as(somebody, world, "/v1/accounts");
    EXPECT_NE(list.find("\"first\""), std::string::npos);
    EXPECT_EQ(list.find("\"second\""), std::string::npos);
    EXPECT_EQ(body_as(somebody, world, "/metrics").find("account="), std::string::npos);
    EXPECT_NE(world.daemon.get("/metrics").body.find("account=\"second\""), std::string::npos);
    EXPECT_EQ(body_as(somebody, world, "/readyz").find("second"), std::string::npos);
}

TEST_F(Access, what_admins_do_is_refused_to_others) {
    World world;
    world.start({Account{.allow = "[ { uid: 61001 } ]"}});
    for (const char* target : {"/v1/accounts/rossum/refresh", "/v1/accounts/rossum/resume",
                               "/v1/accounts/rossum/revoke", "/v1/reload"}) {
        EXPECT_EQ(as(somebody, {}, world, target, "POST"), "403 /problems/access-denied") << target;
    }
    EXPECT_EQ(world.sandbox.count("rossum.logout").requests, 0U);
}

TEST_F(Access, is_explained) {
    World world;
    world.start({Account{.allow = "[ { uid: 61001 } ]"}});
    EXPECT_NE(body_as(somebody, world, "/v1/accounts/rossum/access").find("\"allowed\":true"),
              std::string::npos);
    const HttpAnswer asked = world.daemon.get("/v1/accounts/rossum/access?uid=61002");
    EXPECT_FALSE(body_of(asked).at("allowed").as_bool()) << asked.body;
    EXPECT_TRUE(
        body_of(world.daemon.get("/v1/accounts/rossum/access?uid=61001")).at("allowed").as_bool());
}

TEST_F(Access, a_changed_configuration_holds_for_open_connections_and_streams) {
    World world;
    world.start({Account{.allow = "[ { uid: 61001 } ]"}});
    ASSERT_EQ(world.daemon.token("rossum").status, 200);
    const std::string socket = world.daemon.socket();
    world.configure({Account{.allow = "[ { uid: 61002 } ]"}});
    std::array<int, 2> ready{};
    ASSERT_EQ(::pipe(ready.data()), 0);
    std::jthread reloads([&] {
        char byte = 0;
        EXPECT_EQ(::read(ready[0], &byte, 1), 1);
        EXPECT_EQ(world.daemon.post("/v1/reload").status, 200);
    });
    const std::string told = as_user(somebody, primary, {}, [&]() -> std::string {
        UnixConnection connection(socket);
        UnixConnection stream(socket);
        stream.send("GET /v1/accounts/rossum/token/events HTTP/1.1\r\nHost: x\r\n\r\n");
        stream.read_answer();
        stream.read_event();
        connection.send("GET /v1/accounts/rossum/token HTTP/1.1\r\nHost: x\r\n\r\n");
        const int before = connection.read_answer().status;
        if (::write(ready[1], "x", 1) != 1) return "no pipe";
        const std::string event = stream.read_event(20s);
        connection.send("GET /v1/accounts/rossum/token HTTP/1.1\r\nHost: x\r\n\r\n");
        return std::to_string(before) + " " + std::to_string(connection.read_answer().status) +
               " " + event;
    });
    for (const int end : ready)
        ::close(end);
    EXPECT_TRUE(told.starts_with("200 403 event: unavailable")) << told;
    EXPECT_NE(told.find("access-denied"), std::string::npos) << told;
}

TEST_F(Access, waits_for_a_name_service_that_fails_without_reading_the_file_again) {
    const group* games = ::getgrnam("games");
    ASSERT_NE(games, nullptr);
    World world;
    support::OwnMachine machine(world.folder);
    machine.fail_names(EIO);
    world.configure({Account{.allow = "[ { group: games } ]"}});
    world.daemon.start(machine.environment());
    const std::string target = "/v1/accounts/rossum/token";
    EXPECT_EQ(as(somebody, {games->gr_gid}, world, target), "403 /problems/access-denied");
    ASSERT_EQ(world.daemon.token("rossum").status, 200) << "for root";

    world.configure({Account{.more = "    colour: red"}});  // half edited
    machine.fail_names(0);
    machine.sleep(61s);
    EXPECT_TRUE(eventually(10s, [&] {
        return as(somebody, {games->gr_gid}, world, target) == "200";
    })) << world.daemon.log();
    EXPECT_EQ(world.logged({"reload_refused"}), 0U) << world.daemon.log();
    EXPECT_EQ(world.logged({"names_resolved"}), 1U);
}

// What the daemon knows of the unit of who connected.
struct PeerUnit {
    std::string alive;  // asked for while its process lives
    std::string ended;  // asked for over the same connection by a process that inherited it
};
PeerUnit peer_unit(bool old_kernel) {
    World world;
    support::OwnMachine machine(world.folder);
    if (old_kernel) machine.have_old_kernel();
    world.configure({Account{.allow = "[ { unit: other.service } ]"}});
    world.daemon.start(machine.environment());
    const std::string ask = "GET /v1/accounts/rossum/access HTTP/1.1\r\nHost: x\r\n\r\n";
    const auto told = [](const HttpAnswer& answer) {
        const auto peer = body_of(answer).at("peer").as_object();
        return peer.contains("unit_reason") ? text(peer.at("unit_reason")) : "";
    };
    PeerUnit unit;
    UnixConnection own(world.daemon.socket());
    own.send(ask);
    unit.alive = told(own.read_answer());

    // The child connects the socket that it shares with us, and ends.
    const int shared = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const pid_t child = ::fork();
    if (child == 0) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        world.daemon.socket().copy(address.sun_path, sizeof address.sun_path - 1);
        ::_exit(::connect(shared, reinterpret_cast<const sockaddr*>(&address), sizeof address));
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    UnixConnection inherited(shared);
    inherited.send(ask);
    unit.ended = told(inherited.read_answer());
    return unit;
}

TEST(AccessByUnit, is_by_the_process_that_connected_while_it_lives_on_older_kernels_too) {
    const PeerUnit now = peer_unit(false);
    EXPECT_EQ(now.alive, "");
    EXPECT_EQ(now.ended, "its process has ended");
    const PeerUnit before = peer_unit(true);
    EXPECT_EQ(before.alive, "");
    EXPECT_EQ(before.ended, "its process can't be told from a later one of the same pid");
}

}  // namespace
}  // namespace tokenbroker::integration
