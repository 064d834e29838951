#pragma once

#include "async/nursery.hpp"
#include "host/system_clock.hpp"
#include "support/temp_dir.hpp"
#include "support/tls_server.hpp"
#include "upstream/http_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tokenbroker::upstream {

using support::ServerConnection;
using support::TestServer;

// One authority and one certificate for the whole program: keys take time.
struct Trust {
    support::Authority authority{"test authority"};
    support::ServerTls server{authority.issue({}), {}, false};

    static const Trust& shared() {
        static const Trust trust;
        return trust;
    }
};

inline boost::asio::awaitable<void> ask(Transport& transport,
                                        std::shared_ptr<const Endpoint> endpoint, Request request,
                                        std::optional<Exchange>& answer) {
    answer = co_await transport.exchange(std::move(endpoint), std::move(request));
}

// A real client on a real loop, against servers on 127.0.0.1 that are called "localhost".
class ClientTest : public testing::Test {
protected:
    ClientTest() {
        endpoint_.trust.ca_file = file("ca.pem", Trust::shared().authority.certificate());
    }

    std::string file(const std::string& name, const std::string& text) const {
        return folder_.write(name, text);
    }
    static Request get(std::string_view path = "/path") {
        Request request;
        request.method = "GET";
        request.target = Secret(path);
        request.id = "attempt-7-login";
        return request;
    }
    static Request post(std::string_view body) {
        Request request = get("/login");
        request.method = "POST";
        request.body = Secret(body);
        return request;
    }
    Endpoint to(const TestServer& server, const std::string& host = "localhost") const {
        Endpoint endpoint = endpoint_;
        endpoint.at = {host, server.port()};
        return endpoint;
    }

    Exchange exchange(const Endpoint& endpoint, Request request) {
        std::optional<Exchange> answer;
        async::Nursery nursery(loop_.get_executor());
        nursery.spawn("ask", ask(client_, std::make_shared<const Endpoint>(endpoint),
                                 std::move(request), answer));
        run(nursery);
        return answer
                   ? *answer
                   : Exchange(Failure(Phase::prepare, Error(Errc::cancelled, "no answer at all")));
    }
    Exchange exchange(const TestServer& server) { return exchange(to(server), get()); }

    // What an exchange fails with; it must fail.
    Failure failure(const Endpoint& endpoint, Request request = get()) {
        const Exchange exchanged = exchange(endpoint, std::move(request));
        EXPECT_FALSE(exchanged.has_value());
        return exchanged.error();
    }

    // A test that hangs is a test that failed.
    void run(async::Nursery& nursery) {
        loop_.restart();
        loop_.run_for(std::chrono::seconds(60));
        ASSERT_TRUE(nursery.empty()) << "the exchange has not ended";
    }

    boost::asio::io_context loop_{1};
    host::SystemClock clock_{loop_.get_executor()};
    async::Offload workers_{loop_, 2};
    std::vector<std::string> addresses_{"127.0.0.1"};
    std::vector<std::string> looked_up_;  // by a worker, one after the other
    HttpClient client_{clock_, workers_, "tokenbroker/test", [this](const std::string& host) {
                           looked_up_.push_back(host);
                           return Result<std::vector<std::string>>(addresses_);
                       }};
    Endpoint endpoint_;
    support::TempDir folder_;
};

inline constexpr std::string_view plain_ok =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
    "13\r\n\r\n{\"key\":\"abc\"}";

}  // namespace tokenbroker::upstream
