#include "host/peer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <ctime>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace tokenbroker::host {
namespace {

struct Row {
    const char* path;
    const char* unit;  // "": none
};

// The cases of systemd's own test of cg_path_get_unit() (src/test/test-cgroup-util.c), and ours.
TEST(UnitOfCgroup, is_what_systemd_says) {
    const std::vector<Row> table{
        {"/system/foobar.service/sdfdsaf", ""},  // "system" is no slice
        {"/system.slice/foobar.service/sdfdsaf", "foobar.service"},
        {"/system.slice/getty@tty5.service", "getty@tty5.service"},
        {"/system.slice/getty@tty5.service/aaa/bbb", "getty@tty5.service"},
        {"/system.slice/getty@tty5.service/", "getty@tty5.service"},
        {"/system.slice/getty@tty6.service/tty5", "getty@tty6.service"},
        {"sadfdsafsda", ""},
        {"/system.slice/getty####@tty6.service/tty5", ""},
        {"/system.slice/system-waldo.slice/foobar.service/sdfdsaf", "foobar.service"},
        {"/system.slice/system-waldo.slice/_cpu.service/sdfdsaf", "cpu.service"},
        {"/user.slice/user-1000.slice/user@1000.service/server.service", "user@1000.service"},
        {"/user.slice/user-1000.slice/user@.service/server.service", ""},
        {"/user.slice/user-1000.slice/user@1000.service/app.slice/invoices.service",
         "user@1000.service"},
        {"/user.slice/user-1000.slice/session-1.scope", "session-1.scope"},
        {"/init.scope", "init.scope"},
        {"/", ""},
        {"", ""},
        {"/system.slice", ""},
        {"/system.slice/system-waldo.slice", ""},
        {"/a/invoices.service", ""},
        {"/invoices.service", "invoices.service"},
        {"/../../system.slice/invoices.service", ""},
        {"//system.slice//invoices.service", "invoices.service"},
        {"/system.slice/invoices.servicex", ""},
        {"/system.slice/.service", ""},
        {"/system.slice/@a.service", ""},
        {"/system.slice/a b.service", ""},
        {"/system.slice/docker-0123.scope/system.slice/invoices.service", "docker-0123.scope"},
    };
    for (const Row& row : table)
        EXPECT_EQ(unit_of_cgroup(row.path).value_or(""), row.unit) << row.path;
    EXPECT_FALSE(unit_of_cgroup("/" + std::string(300, 'a') + ".service"));
}

TEST(ManagerCgroup, is_the_unified_one_or_the_managers_own) {
    EXPECT_EQ(manager_cgroup("0::/system.slice/a.service\n", "/"), "/system.slice/a.service");
    EXPECT_EQ(manager_cgroup("0::/system.slice/a.service (deleted)\n", ""),
              "/system.slice/a.service");
    EXPECT_EQ(manager_cgroup("12:cpu,cpuacct:/x\n1:name=systemd:/system.slice/a.service\n", ""),
              "/system.slice/a.service");
    EXPECT_EQ(manager_cgroup("1:name=systemd:/system.slice/a.service\n0::/other\n", ""),
              "/system.slice/a.service");
    EXPECT_EQ(manager_cgroup("0::/lxc/c1/system.slice/a.service\n", "/lxc/c1"),
              "/system.slice/a.service");
    EXPECT_EQ(manager_cgroup("0::/lxc/c10/system.slice/a.service\n", "/lxc/c1"),
              "/lxc/c10/system.slice/a.service");
    EXPECT_EQ(manager_cgroup("0::/lxc/c1\n", "/lxc/c1"), "/");
    EXPECT_EQ(manager_cgroup("", ""), std::nullopt);
    EXPECT_EQ(manager_cgroup("garbage\n", ""), std::nullopt);
    EXPECT_EQ(manager_cgroup("12:cpu:/x\n", ""), std::nullopt);
    EXPECT_EQ(manager_cgroup("0::relative\n", ""), std::nullopt);
}

struct SocketPair {
    SocketPair() {
        std::array<int, 2> ends{-1, -1};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
        near.reset(ends[0]);
        far.reset(ends[1]);
    }
    Descriptor near;
    Descriptor far;
};

BootTime boot_now() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return BootTime(std::chrono::seconds(now.tv_sec) + Milliseconds(now.tv_nsec / 1'000'000));
}

// A child that lives until it is told to go.
class Child {
public:
    Child() : pid_(::fork()) {
        if (pid_ == 0) {
            ::pause();
            ::_exit(0);
        }
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() { end(); }
    void end() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }
    [[nodiscard]] pid_t pid() const { return pid_; }

private:
    pid_t pid_;
};

TEST(Peer, is_this_process_at_the_other_end_of_its_own_socket) {
    const SocketPair pair;
    auto peer = read_peer(pair.near.get());
    ASSERT_TRUE(peer.has_value());
    EXPECT_EQ(peer->uid, ::geteuid());
    EXPECT_EQ(peer->gid, ::getegid());
    EXPECT_EQ(peer->pid, ::getpid());
    ASSERT_TRUE(read_groups(pair.near.get(), *peer).has_value());
    std::vector<gid_t> groups(static_cast<std::size_t>(::getgroups(0, nullptr)));
    ASSERT_EQ(::getgroups(static_cast<int>(groups.size()), groups.data()),
              static_cast<int>(groups.size()));
    std::sort(groups.begin(), groups.end());
    std::sort(peer->groups.begin(), peer->groups.end());
    EXPECT_EQ(peer->groups, groups);
    EXPECT_FALSE(read_peer(-1).has_value());
}

TEST(PeerProcess, is_named_by_the_kernel_where_it_can) {
    if (!kernel_names_processes()) GTEST_SKIP() << "SO_PEERPIDFD came with 6.5";
    const SocketPair pair;
    auto process = peer_process(pair.near.get());
    ASSERT_TRUE(process.has_value());
    EXPECT_TRUE(process->alive());
}

TEST(HeldProcess, is_alive_until_it_ends) {
    Child child;
    auto held = hold_process(child.pid());
    ASSERT_TRUE(held.has_value());
    EXPECT_TRUE(held->alive());
    child.end();
    EXPECT_FALSE(held->alive());
    EXPECT_FALSE(ProcessHandle().alive());
}

TEST(HeldProcess, is_the_peer_only_with_its_uid_and_an_earlier_start) {
    Child child;
    auto held = hold_process(child.pid());
    ASSERT_TRUE(held.has_value());
    core::Peer peer;
    peer.pid = child.pid();
    peer.uid = ::geteuid();
    const BootTime later = boot_now() + Milliseconds(20);  // the kernel counts starts in hundredths
    EXPECT_TRUE(is_the_peer(*held, peer, later));
    EXPECT_FALSE(is_the_peer(*held, peer, later - std::chrono::seconds(5)))
        << "it started after the accept";
    peer.uid = ::geteuid() + 1;
    EXPECT_FALSE(is_the_peer(*held, peer, later));
    peer.uid = ::geteuid();
    child.end();
    EXPECT_FALSE(is_the_peer(*held, peer, later));
}

TEST(Unit, is_not_looked_up_where_the_process_can_not_be_seen_or_is_gone) {
    core::Peer peer;
    look_up_unit(ProcessHandle(), peer);
    EXPECT_EQ(peer.unit_state, core::Peer::Unit::failed);
    EXPECT_NE(peer.unit_reason.find("PID namespace"), std::string::npos);
    Child child;
    auto held = hold_process(child.pid());
    ASSERT_TRUE(held.has_value());
    peer.pid = child.pid();
    look_up_unit(*held, peer);
    EXPECT_NE(peer.unit_state, core::Peer::Unit::failed) << peer.unit_reason;
    child.end();
    look_up_unit(*held, peer);
    EXPECT_EQ(peer.unit_state, core::Peer::Unit::failed);
    EXPECT_NE(peer.unit_reason.find("ended"), std::string::npos);
}

TEST(Executable, is_told_while_the_process_lives) {
    Child child;
    auto held = hold_process(child.pid());
    ASSERT_TRUE(held.has_value());
    EXPECT_NE(executable_of(*held, child.pid()).value_or("").find("unit_"), std::string::npos);
    const pid_t pid = child.pid();
    child.end();
    EXPECT_EQ(executable_of(*held, pid), std::nullopt);
    EXPECT_EQ(executable_of(*held, 0), std::nullopt);
}

}  // namespace
}  // namespace tokenbroker::host
