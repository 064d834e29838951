#include "host/systemd.hpp"

#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace tokenbroker::host {
namespace {

Variables variables(std::map<std::string, std::string> values) {
    return [values = std::move(values)](const char* name) -> std::optional<std::string> {
        const auto found = values.find(name);
        if (found == values.end()) return std::nullopt;
        return found->second;
    };
}

// A socket bound to `path`; one that begins with a NUL is abstract.
Descriptor bound(int type, const std::string& path) {
    Descriptor made(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    EXPECT_EQ(::bind(made.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    return made;
}
std::string receive(const Descriptor& manager) {
    std::array<char, 4096> buffer{};
    const ssize_t got = ::recv(manager.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    return got < 0 ? std::string("nothing")
                   : std::string(buffer.data(), static_cast<std::size_t>(got));
}

TEST(ServiceManager, hears_every_change_of_life) {
    const support::TempDir dir;
    const Descriptor manager = bound(SOCK_DGRAM, dir / "notify");
    ServiceManager told(variables({{"NOTIFY_SOCKET", dir / "notify"}}));
    EXPECT_TRUE(told.present());
    EXPECT_TRUE(told.ready("2 accounts"));
    EXPECT_EQ(receive(manager), "READY=1\nSTATUS=2 accounts");
    EXPECT_TRUE(told.reloading("reading"));
    const std::string reloading = receive(manager);
    EXPECT_EQ(reloading.substr(0, 27), "RELOADING=1\nMONOTONIC_USEC=");
    EXPECT_EQ(reloading.substr(reloading.size() - 15), "\nSTATUS=reading");
    EXPECT_TRUE(told.stopping("bye"));
    EXPECT_EQ(receive(manager), "STOPPING=1\nSTATUS=bye");
    EXPECT_TRUE(told.failed(28, "no space"));
    EXPECT_EQ(receive(manager), "ERRNO=28\nSTATUS=no space");
    EXPECT_TRUE(told.failed(0, "no idea"));
    EXPECT_EQ(receive(manager), "STATUS=no idea");
    EXPECT_TRUE(told.watchdog());
    EXPECT_EQ(receive(manager), "WATCHDOG=1");
    // A newline would be another assignment.
    EXPECT_TRUE(told.status("one\nREADY=1"));
    EXPECT_EQ(receive(manager), "STATUS=one READY=1");
}

TEST(ServiceManager, is_found_in_the_abstract_name_space) {
    const std::string name = "tokenbroker-test-" + std::to_string(::getpid());
    const Descriptor manager = bound(SOCK_DGRAM, std::string(1, '\0') + name);
    ServiceManager told(variables({{"NOTIFY_SOCKET", "@" + name}}));
    EXPECT_TRUE(told.watchdog());
    EXPECT_EQ(receive(manager), "WATCHDOG=1");
}

TEST(ServiceManager, that_is_not_there_is_no_error_and_one_that_does_not_answer_is) {
    ServiceManager nobody(variables({}));
    EXPECT_FALSE(nobody.present());
    EXPECT_TRUE(nobody.ready("x"));
    ServiceManager gone(variables({{"NOTIFY_SOCKET", "/nowhere/notify"}}));
    EXPECT_FALSE(gone.ready("x"));
    for (const std::string& odd :
         {std::string("relative"), std::string(), std::string("/"), "/" + std::string(200, 'x')})
        EXPECT_FALSE(ServiceManager(variables({{"NOTIFY_SOCKET", odd}})).present()) << odd;
}

TEST(ServiceManager, that_takes_nothing_does_not_hold_us_up) {
    const support::TempDir dir;
    const Descriptor manager = bound(SOCK_DGRAM, dir / "notify");
    ServiceManager told(variables({{"NOTIFY_SOCKET", dir / "notify"}}));
    bool refused = false;
    for (int i = 0; i < 100'000 && !refused; ++i)
        refused = !told.watchdog();
    EXPECT_TRUE(refused);
}

TEST(Watchdog, is_fed_at_half_of_its_time) {
    EXPECT_EQ(ServiceManager(variables({{"WATCHDOG_USEC", "30000000"}})).watchdog_interval(),
              std::chrono::seconds(15));
    const std::string own = std::to_string(::getpid());
    EXPECT_EQ(ServiceManager(variables({{"WATCHDOG_USEC", "1000"}, {"WATCHDOG_PID", own}}))
                  .watchdog_interval(),
              Milliseconds(1));
    EXPECT_FALSE(ServiceManager(variables({{"WATCHDOG_USEC", "30000000"}, {"WATCHDOG_PID", "1"}}))
                     .watchdog_interval());
    EXPECT_FALSE(ServiceManager(variables({{"WATCHDOG_USEC", "soon"}})).watchdog_interval());
    EXPECT_FALSE(ServiceManager(variables({})).watchdog_interval());
}

// Hands over sockets at the numbers from `first` on, as systemd does from 3 on.
struct HandedOver : testing::Test {
    static constexpr int first = 200;

    void hand_over(Descriptor socket) {
        ASSERT_EQ(::dup2(socket.get(), first + count), first + count);
        ++count;
    }
    void listening(const std::string& name) {
        Descriptor socket = bound(SOCK_STREAM, dir / name);
        ASSERT_EQ(::listen(socket.get(), 1), 0);
        hand_over(std::move(socket));
    }
    Result<std::optional<Descriptor>> take(const std::string& names, const std::string& pid = {}) {
        return take_listening_socket(
            variables({{"LISTEN_FDS", std::to_string(count)},
                       {"LISTEN_PID", pid.empty() ? std::to_string(::getpid()) : pid},
                       {"LISTEN_FDNAMES", names}}),
            first);
    }
    ~HandedOver() override {
        for (int i = 0; i < count; ++i)
            ::close(first + i);
    }

    support::TempDir dir;
    int count = 0;
};

TEST_F(HandedOver, nothing_is_nothing) {
    EXPECT_FALSE(take("")->has_value());
    EXPECT_FALSE(take_listening_socket(variables({}), first)->has_value());
}

TEST_F(HandedOver, the_only_stream_socket_is_ours_whatever_its_name) {
    listening("a");
    hand_over(bound(SOCK_DGRAM, dir / "d"));
    const auto taken = take("whatever:other");
    ASSERT_TRUE(taken && *taken);
    EXPECT_EQ((*taken)->get(), first);
    EXPECT_NE(::fcntl(first, F_GETFD) & FD_CLOEXEC, 0);
    // The one that is of no use was closed.
    EXPECT_EQ(::fcntl(first + 1, F_GETFD), -1);
}

TEST_F(HandedOver, of_several_the_one_with_our_name_is_ours) {
    listening("a");
    listening("b");
    listening("c");
    const auto taken = take("x:tokenbroker:y");
    ASSERT_TRUE(taken && *taken);
    EXPECT_EQ((*taken)->get(), first + 1);
}

TEST_F(HandedOver, several_without_our_name_are_a_mistake) {
    listening("a");
    listening("b");
    EXPECT_EQ(take("x:y").error().code(), Errc::misconfigured);
}

TEST_F(HandedOver, what_does_not_listen_is_a_mistake) {
    hand_over(bound(SOCK_STREAM, dir / "a"));
    EXPECT_EQ(take("tokenbroker").error().code(), Errc::misconfigured);
}

TEST_F(HandedOver, what_is_for_another_process_is_not_ours) {
    listening("a");
    EXPECT_FALSE(take("tokenbroker", "1")->has_value());
    EXPECT_NE(::fcntl(first, F_GETFD), -1);
}

}  // namespace
}  // namespace tokenbroker::host
