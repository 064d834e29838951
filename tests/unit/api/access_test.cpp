#include "server_fixture.hpp"

#include <cerrno>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace tokenbroker::api {
namespace {

using std::chrono::seconds;
using AccessTest = ServerTest;

const std::string target = "/v1/accounts/rossum-prod/token";

// Connects as another user, from a thread of its own: credentials belong to threads in the kernel.
std::optional<Client> connect_as(const std::string& path, uid_t uid, gid_t gid,
                                 const std::vector<gid_t>& groups) {
    std::optional<Client> client;
    std::thread other([&] {
        if (::syscall(SYS_setgroups, groups.size(), groups.data()) != 0) return;
        if (::syscall(SYS_setresgid, gid, gid, gid) != 0 ||
            ::syscall(SYS_setresuid, uid, uid, uid) != 0)
            return;
        client.emplace(path);
    });
    other.join();
    return client;
}

struct AsOthers : ServerTest {
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "only root can connect as others";
        start_server();
        ASSERT_EQ(::chmod(socket_path().c_str(), 0666), 0);
        account->publish(7, "tok-1");
    }
    unsigned status_as(uid_t uid, gid_t gid, const std::vector<gid_t>& groups,
                       const std::string& path = target) {
        auto client = connect_as(socket_path(), uid, gid, groups);
        if (!client) return 0;
        return status_of(exchange(*client, get_request(path)));
    }
};

TEST_F(AccessTest, is_denied_by_default) {
    account->set_allow({});
    account->publish(7, "tok-1");
    start_server();
    const std::string answer = get(target);
    EXPECT_EQ(status_of(answer), 403U);
    EXPECT_EQ(
        body_of(answer),
        R"({"type":"/problems/access-denied","title":"Access denied","status":403,)"
        R"("detail":"no allow line of the account holds for this user","account":"rossum-prod",)"
        R"("peer":{"uid":)" +
            std::to_string(::getuid()) + "}}");
}

TEST_F(AccessTest, admins_may_use_every_account) {
    account->set_allow({});
    account->publish(7, "tok-1");
    broker.set_admins({allow_uid(::getuid())});
    start_server();
    EXPECT_EQ(status_of(get(target)), 200U);
}

TEST_F(AccessTest, a_change_holds_from_the_next_request_of_an_open_connection) {
    account->publish(7, "tok-1");
    start_server();
    Client client = connect();
    EXPECT_EQ(status_of(exchange(client, get_request(target))), 200U);
    account->set_allow({allow_uid(::getuid() + 1)});
    EXPECT_EQ(status_of(exchange(client, get_request(target))), 403U);
    broker.set_admins({allow_any()});
    EXPECT_EQ(status_of(exchange(client, get_request(target))), 200U);
    broker.set_admins({});
    EXPECT_EQ(status_of(exchange(client, get_request(target))), 403U);
    account->set_allow({allow_any()});
    EXPECT_EQ(status_of(exchange(client, get_request(target))), 200U);
}

TEST_F(AccessTest, that_is_withdrawn_ends_a_waiting_call) {
    start_server();
    Client client = connect();
    EXPECT_EQ(exchange(client, get_request(target + "?wait=60s")), "");
    account->set_allow({});
    clock.advance(seconds(1));
    EXPECT_EQ(status_of(client.receive()), 403U);
    clock.settle();
    EXPECT_EQ(account->waiting, 0U);
}

TEST_F(AccessTest, that_is_withdrawn_while_waiting_gives_no_token) {
    start_server();
    Client client = connect();
    exchange(client, get_request(target + "?wait=60s"));
    account->set_allow({});
    account->publish(7, "tok-1");
    clock.settle();
    const std::string answer = client.receive();
    EXPECT_EQ(status_of(answer), 403U);
    EXPECT_EQ(answer.find("tok-1"), std::string::npos);
}

TEST_F(AccessTest, names_of_accounts_are_told_to_those_who_may_use_one) {
    start_server();
    const std::string unknown = get("/v1/accounts/no-such/token");
    EXPECT_EQ(status_of(unknown), 404U);
    EXPECT_NE(unknown.find(R"("type":"/problems/unknown-account")"), std::string::npos);
    EXPECT_NE(unknown.find(R"("account":"no-such")"), std::string::npos);
    account->set_allow({});
    EXPECT_EQ(status_of(get("/v1/accounts/no-such/token")), 403U);
    EXPECT_EQ(status_of(get("/v1/accounts/no-such")), 403U);
    broker.set_admins({allow_any()});
    EXPECT_EQ(status_of(get("/v1/accounts/no-such/token")), 404U);
    EXPECT_NE(get("/v1/accounts/%ff%22/token").find(R"("account":"%FF%22")"), std::string::npos);
}

TEST_F(AccessTest, is_explained) {
    start_server();
    const std::string uid = std::to_string(::getuid());
    const std::string mine = body_of(get("/v1/accounts/rossum-prod/access"));
    EXPECT_EQ(mine.find(R"({"allowed":true,"peer":{"uid":)" + uid + R"(,"gids":[)"), 0U) << mine;
    EXPECT_NE(mine.find(R"("line":"{ uid: )" + uid + R"( }")"), std::string::npos) << mine;
    EXPECT_EQ(mine.find("\"lines\""), std::string::npos) << "only admins see all lines";
    EXPECT_EQ(status_of(get("/v1/accounts/rossum-prod/access?uid=1000")), 403U);
    account->set_allow({allow_uid(77), allow_unit("run.service")});
    EXPECT_EQ(body_of(get("/v1/accounts/rossum-prod/access")).find(R"({"allowed":false)"), 0U);
    broker.set_admins({allow_uid(::getuid())});
    const std::string other = body_of(get("/v1/accounts/rossum-prod/access?uid=77"));
    EXPECT_EQ(
        other.find(
            R"({"allowed":true,"peer":{"uid":77,"gids":[],"unit":"unknown"},"line":"{ uid: 77 }")"),
        0U)
        << other;
    EXPECT_NE(other.find(R"("match":"unknown")"), std::string::npos)
        << "the unit line, for a bare uid";
    EXPECT_EQ(body_of(get("/v1/accounts/rossum-prod/access?uid=78")).find(R"({"allowed":false)"),
              0U);
}

TEST_F(AccessTest, by_unit_is_decided_by_the_kernels_word) {
    account->set_allow({allow_unit("no-such-unit.service")});
    account->publish(7, "tok-1");
    start_server();
    EXPECT_EQ(status_of(get(target)), 403U);
    const std::string mine = body_of(get("/v1/accounts/rossum-prod/access"));
    EXPECT_NE(mine.find("\"unit\":"), std::string::npos) << mine;
}

TEST_F(AsOthers, user_ids_are_told_apart) {
    account->set_allow({allow_uid(12345)});
    EXPECT_EQ(status_as(12345, 12345, {}), 200U);
    EXPECT_EQ(status_as(12346, 12345, {}), 403U);
    EXPECT_EQ(status_of(get(target)), 403U) << "root is no exception";
}

TEST_F(AsOthers, supplementary_groups_count) {
    account->set_allow({allow_gid(23456)});
    EXPECT_EQ(status_as(12345, 23456, {}), 200U) << "the primary one";
    EXPECT_EQ(status_as(12345, 1, {5, 23456, 7}), 200U);
    EXPECT_EQ(status_as(12345, 1, {5, 7}), 403U);
    std::vector<gid_t> many;
    for (gid_t gid = 20'000; gid < 24'000; ++gid)
        many.push_back(gid);
    EXPECT_EQ(status_as(12345, 1, many), 200U);
}

TEST_F(AsOthers, all_members_of_a_line_must_hold) {
    core::AllowLine both = allow_uid(12345);
    both.gid = 23456;
    account->set_allow({both});
    EXPECT_EQ(status_as(12345, 23456, {}), 200U);
    EXPECT_EQ(status_as(12345, 1, {}), 403U);
    EXPECT_EQ(status_as(12346, 23456, {}), 403U);
}

TEST_F(AsOthers, only_admins_administer) {
    account->set_allow({allow_uid(12345)});
    broker.set_admins({allow_uid(12346)});
    auto user = connect_as(socket_path(), 12345, 1, {});
    auto admin = connect_as(socket_path(), 12346, 1, {});
    ASSERT_TRUE(user && admin);
    const std::string refresh = "POST /v1/accounts/rossum-prod/refresh HTTP/1.1\r\n\r\n";
    EXPECT_EQ(status_of(exchange(*user, refresh)), 403U);
    EXPECT_EQ(account->asked, "");
    EXPECT_EQ(status_of(exchange(*admin, refresh)), 202U);
    EXPECT_EQ(status_of(exchange(*user, "POST /v1/reload HTTP/1.1\r\n\r\n")), 403U);
    EXPECT_EQ(status_of(exchange(*admin, "POST /v1/reload HTTP/1.1\r\n\r\n")), 200U);
}

TEST_F(AsOthers, one_uid_gets_three_quarters_of_the_connections) {
    account->set_allow({allow_any()});
    Limits few = limits;
    few.connections = 8;
    server->set_limits(few);
    std::vector<Client> held;
    for (int i = 0; i < 6; ++i) {
        auto client = connect_as(socket_path(), 12345, 1, {});
        ASSERT_TRUE(client);
        held.push_back(std::move(*client));
    }
    clock.settle();
    EXPECT_EQ(status_as(12345, 1, {}), 503U);
    EXPECT_EQ(status_as(12346, 1, {}), 200U) << "others still get in";
    held.clear();
    clock.settle();
    EXPECT_EQ(status_as(12345, 1, {}), 200U);
}

// The unit itself is what this machine makes of the test; that it is told at all is the point.
TEST_F(AccessTest, a_unit_that_no_descriptor_was_left_for_is_looked_up_again) {
    account->set_allow({allow_unit("no-such-unit.service")});
    start_server();
    Client client = connect();
    exchange(client, get_request("/healthz"));
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const host::Descriptor lowest(::dup(client.fd()));
    const rlimit few{static_cast<rlim_t>(lowest.get()) + 1, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    const std::string starved = exchange(client, get_request("/v1/accounts/rossum-prod/token"));
    const std::string told =
        body_of(exchange(client, get_request("/v1/accounts/rossum-prod/access")));
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(status_of(starved), 403U);
    EXPECT_NE(told.find(R"("unit":"unknown")"), std::string::npos) << told;
    EXPECT_EQ(body_of(exchange(client, get_request("/v1/accounts/rossum-prod/access"))),
              body_of(get("/v1/accounts/rossum-prod/access")));
}

}  // namespace
}  // namespace tokenbroker::api
