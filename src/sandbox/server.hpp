#pragma once

#include "base/error.hpp"
#include "sandbox/sandbox.hpp"
#include "sandbox/tls_material.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <optional>
#include <string>

namespace tokenbroker::sandbox {

// The wire of the stand-in: listeners and their connections. stop() ends them all, so that run()
// returns.
class Server {
public:
    // Without material: plain HTTP. `demand_client`: only clients that our authority signed.
    Server(boost::asio::io_context& loop, Sandbox& sandbox,
           const std::optional<TlsMaterial>& material, bool demand_client);
    ~Server();

    // The port that is listened on; `port` 0: the kernel chooses.
    Result<unsigned short> listen(const std::string& address, unsigned short port);
    // The control API alone, as plain HTTP on a Unix socket of mode 0600. A file that is there is
    // replaced.
    Result<void> listen_control(const std::string& path);
    void stop();

private:
    class Wire;
    std::unique_ptr<Wire> wire_;
};

}  // namespace tokenbroker::sandbox
