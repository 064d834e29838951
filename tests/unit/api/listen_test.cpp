#include "api/listen.hpp"

#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace tokenbroker::api {
namespace {

struct ListenTest : testing::Test {
    [[nodiscard]] Result<Listener> listen(mode_t mode = 0660,
                                          std::optional<gid_t> group = std::nullopt) const {
        return listen_unix({path, mode, group});
    }
    [[nodiscard]] int connect_error() const {
        const host::Descriptor socket(
            ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        const int failed =
            ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
        return failed == 0 ? 0 : errno;
    }
    // A bound socket; once it is closed, its file is stale.
    [[nodiscard]] host::Descriptor bind_socket(int type = SOCK_STREAM) const {
        host::Descriptor socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
                  0);
        return socket;
    }
    void leave_stale_socket() const { bind_socket().reset(); }
    [[nodiscard]] bool exists() const {
        struct stat facts {};
        return ::lstat(path.c_str(), &facts) == 0;
    }

    support::TempDir folder;
    std::string path = folder / "s";
};

TEST_F(ListenTest, makes_the_file_with_the_mode_whatever_the_umask) {
    for (const mode_t mask : {0000U, 0077U, 0777U}) {
        for (const mode_t mode : {0600U, 0660U, 0666U, 0777U}) {
            const mode_t before = ::umask(mask);
            const auto listener = listen(mode);
            ::umask(before);
            ASSERT_TRUE(listener.has_value()) << listener.error().message();
            struct stat facts {};
            ASSERT_EQ(::lstat(path.c_str(), &facts), 0);
            EXPECT_EQ(facts.st_mode & 07777U, mode);
            EXPECT_EQ(connect_error(), 0);
        }
    }
}

TEST_F(ListenTest, sets_the_group) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root may give a file any group";
    const auto listener = listen(0660, 12345);
    ASSERT_TRUE(listener.has_value());
    struct stat facts {};
    ASSERT_EQ(::lstat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_gid, 12345U);
    EXPECT_EQ(facts.st_mode & 07777U, 0660U);
}

TEST_F(ListenTest, removes_its_file_at_the_end) {
    {
        const auto listener = listen();
        ASSERT_TRUE(listener.has_value());
        EXPECT_TRUE(exists());
    }
    EXPECT_FALSE(exists());
    struct stat facts {};
    EXPECT_NE(::lstat((path + ".lock").c_str(), &facts), 0);
}

TEST_F(ListenTest, leaves_a_file_that_has_taken_its_place) {
    {
        auto listener = listen();
        ASSERT_TRUE(listener.has_value());
        ASSERT_EQ(::unlink(path.c_str()), 0);
        leave_stale_socket();
    }
    EXPECT_TRUE(exists());
}

TEST_F(ListenTest, removes_a_socket_that_nobody_listens_on) {
    leave_stale_socket();
    const auto listener = listen();
    ASSERT_TRUE(listener.has_value()) << listener.error().message();
    EXPECT_EQ(connect_error(), 0);
}

TEST_F(ListenTest, leaves_a_living_daemon_its_socket) {
    const auto first = listen();
    ASSERT_TRUE(first.has_value());
    const auto second = listen();
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code(), Errc::locked);
    EXPECT_EQ(connect_error(), 0);
}

TEST_F(ListenTest, leaves_a_socket_that_others_listen_on) {
    auto first = listen();
    ASSERT_TRUE(first.has_value());
    ASSERT_EQ(::unlink((path + ".lock").c_str()), 0);  // as if it were some other program's
    const auto second = listen();
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code(), Errc::locked);
    EXPECT_EQ(connect_error(), 0);
}

TEST_F(ListenTest, leaves_what_is_no_socket) {
    folder.write("s", "precious");
    EXPECT_EQ(listen().error().code(), Errc::io);
    EXPECT_EQ(support::read_file(path), "precious");
    ASSERT_EQ(::unlink(path.c_str()), 0);
    ASSERT_EQ(::symlink("/nowhere", path.c_str()), 0);
    EXPECT_EQ(listen().error().code(), Errc::io);
    EXPECT_TRUE(exists());
    ASSERT_EQ(::unlink(path.c_str()), 0);
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_FALSE(listen().has_value());
    EXPECT_TRUE(exists());
}

TEST_F(ListenTest, leaves_a_socket_of_another_type) {
    const host::Descriptor other = bind_socket(SOCK_DGRAM);
    EXPECT_FALSE(listen().has_value());
    EXPECT_TRUE(exists());
}

TEST_F(ListenTest, says_what_is_wrong_with_the_path) {
    EXPECT_EQ(listen_unix({"relative", 0600, std::nullopt}).error().code(), Errc::invalid_input);
    EXPECT_EQ(listen_unix({"/" + std::string(107, 'a'), 0600, std::nullopt}).error().code(),
              Errc::invalid_input);
    const auto missing = listen_unix({"/no/such/folder/s", 0600, std::nullopt});
    ASSERT_FALSE(missing.has_value());
    EXPECT_NE(missing.error().message().find("/no/such/folder does not exist: create it"),
              std::string::npos);
    EXPECT_NE(missing.error().message().find("RuntimeDirectory="), std::string::npos);
    folder.write("file", "");
    EXPECT_FALSE(listen_unix({folder / "file/s", 0600, std::nullopt}).has_value());
}

TEST_F(ListenTest, of_107_bytes_works) {
    const std::string longest =
        folder.path() + "/" + std::string(107 - folder.path().size() - 1, 'a');
    EXPECT_TRUE(listen_unix({longest, 0600, std::nullopt}).has_value());
    const std::string too_long = folder.path() + "/" + std::string(107 - folder.path().size(), 'a');
    EXPECT_FALSE(listen_unix({too_long, 0600, std::nullopt}).has_value());
}

TEST_F(ListenTest, takes_over_only_a_listening_unix_stream_socket) {
    const auto own = listen();
    ASSERT_TRUE(own.has_value());
    auto good = Listener::handed_over(::dup(own->fd()));
    ASSERT_TRUE(good.has_value());
    EXPECT_TRUE(good->is_handed_over());
    EXPECT_NE(::fcntl(good->fd(), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_FALSE(
        Listener::handed_over(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)).has_value());
    EXPECT_FALSE(
        Listener::handed_over(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)).has_value());
    EXPECT_FALSE(
        Listener::handed_over(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)).has_value());
    EXPECT_FALSE(Listener::handed_over(::open("/dev/null", O_RDONLY | O_CLOEXEC)).has_value());
    good->close();
    EXPECT_TRUE(exists()) << "the file is not its own";
}

TEST_F(ListenTest, tells_in_what_a_socket_differs_from_what_is_wanted) {
    const auto own = listen(0640);
    ASSERT_TRUE(own.has_value());
    struct stat facts {};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    const auto given = Listener::handed_over(::dup(own->fd()));
    ASSERT_TRUE(given.has_value());
    EXPECT_EQ(given->difference(0640, std::nullopt), "");
    EXPECT_EQ(given->difference(0640, facts.st_gid), "");
    EXPECT_EQ(given->difference(0666, facts.st_gid), "its mode is 0640, not 0666");
    EXPECT_EQ(given->difference(0640, facts.st_gid + 1),
              "its group is " + std::to_string(facts.st_gid) + ", not " +
                  std::to_string(facts.st_gid + 1));
    EXPECT_NE(given->difference(0600, facts.st_gid + 1).find("; its group"), std::string::npos);
}

TEST(ListenTcp, knows_loopback) {
    const auto loopback = listen_tcp("127.0.0.1", 0);
    ASSERT_TRUE(loopback.has_value());
    EXPECT_TRUE(loopback->is_loopback());
    EXPECT_NE(loopback->port(), 0);
    const auto all = listen_tcp("0.0.0.0", 0);
    ASSERT_TRUE(all.has_value());
    EXPECT_FALSE(all->is_loopback());
    EXPECT_FALSE(listen_tcp("localhost", 0).has_value()) << "names are not looked up";
    EXPECT_FALSE(listen_tcp("127.0.0.1", loopback->port()).has_value()) << "it is taken";
}

}  // namespace
}  // namespace tokenbroker::api
