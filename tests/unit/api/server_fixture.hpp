#pragma once

#include "api/server.hpp"
#include "async/nursery.hpp"
#include "host/descriptor.hpp"
#include "support/fake_broker.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_log.hpp"
#include "support/temp_dir.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker::api {

// One end of a connection to the server, in the test's own thread.
class Client {
public:
    explicit Client(const std::string& path);
    explicit Client(std::uint16_t tcp_port);

    // False: the server is gone from the other end.
    bool send(std::string_view bytes);
    // What has arrived so far; takes it.
    std::string receive();
    // Whether the server has closed, once everything was received.
    [[nodiscard]] bool closed();
    void half_close();
    void shrink_receive_buffer();
    [[nodiscard]] int fd() const { return socket_.get(); }

private:
    host::Descriptor socket_;
    bool closed_ = false;
};

class FakeAdministration final : public Administration {
public:
    boost::asio::awaitable<ReloadReply> reload() override { co_return reply; }
    ReloadReply reply;
};

core::AllowLine allow_any();
core::AllowLine allow_uid(uid_t uid);
core::AllowLine allow_gid(gid_t gid);
core::AllowLine allow_unit(const std::string& unit);

// A server on a real socket, in a loop that runs when the test says so. The account "rossum-prod"
// may be used by whoever runs the test, who is no admin.
class ServerTest : public testing::Test {
protected:
    ServerTest() : ServerTest(Limits{}) {}
    explicit ServerTest(const Limits& limits);
    ~ServerTest() override;

    void start_server(bool with_metrics = false);
    void stop_server();
    [[nodiscard]] std::string socket_path() const { return folder / "s"; }
    [[nodiscard]] Client connect() const { return Client(socket_path()); }
    // Sends on a connection of its own and gives all that comes back at once.
    std::string ask(std::string_view request);
    std::string get(const std::string& target, const std::string& headers = "");
    std::string post(const std::string& target, const std::string& body = "");
    std::string exchange(Client& client, std::string_view request);

    boost::asio::io_context loop{1};
    support::FakeClock clock{loop};
    support::FakeLog log;
    support::TempDir folder;
    support::FakeBroker broker{clock};
    FakeAdministration administration;
    metrics::Registry registry{metrics::BuildInfo{"1.2.3", "abcdef", "release"}};
    Limits limits;
    std::shared_ptr<support::FakeAccount> account;
    std::unique_ptr<Server> server;
    std::uint16_t metrics_port = 0;
    async::Nursery nursery;
    bool stopping = false;
};

// Descriptors in the epoll sets of this process, closed ones whose open file lives on included.
std::size_t watched_descriptors();

// "HTTP/1.1 200 OK" to 200; 0 where it is no answer.
unsigned status_of(std::string_view answer);
std::string body_of(const std::string& answer);
std::string get_request(const std::string& target, const std::string& headers = "");

}  // namespace tokenbroker::api
