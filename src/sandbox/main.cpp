#include "sandbox/options.hpp"
#include "sandbox/sandbox.hpp"
#include "sandbox/server.hpp"
#include "sandbox/tls_material.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace tokenbroker;
using namespace tokenbroker::sandbox;

// Beside it and renamed: who waits for the file never sees half of it.
Result<void> write_file(const std::string& path, const std::string& text, mode_t mode) {
    const std::string beside = path + ".new";
    const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (file < 0) return system_error("opening " + beside, errno);
    const bool written =
        ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const int reason = errno;
    ::close(file);
    if (!written) return system_error("writing " + beside, reason);
    if (::rename(beside.c_str(), path.c_str()) != 0)
        return system_error("renaming to " + path, errno);
    return {};
}

Result<TlsMaterial> material_for(const Options& options) {
    if (!options.tls_file.empty()) {
        const std::ifstream file(options.tls_file);
        if (file) {
            std::ostringstream text;
            text << file.rdbuf();
            return TlsMaterial::from_bundle(text.str());
        }
    }
    auto material = make_tls_material(options.names);
    if (!material || options.tls_file.empty()) return material;
    if (const auto done = write_file(options.tls_file, material->bundle(), 0600); !done)
        return done.error();
    return material;
}

Result<void> write_material(const Options& options, const TlsMaterial& material) {
    if (!options.ca_file.empty()) {
        if (auto done = write_file(options.ca_file, material.ca_certificate, 0644); !done)
            return done;
    }
    if (options.client_certificate_directory.empty()) return {};
    const std::string folder = options.client_certificate_directory + "/";
    if (auto done = write_file(folder + "client.pem", material.client_certificate, 0644); !done)
        return done;
    return write_file(folder + "client.key", material.client_key, 0600);
}

Result<void> run(const Options& options) {
    boost::asio::io_context loop(1);
    Sandbox sandbox(options.settings, options.accounts, options.base_path);
    if (options.verbose) {
        sandbox.on_request = [](const std::string& line) {
            std::fprintf(stderr, "%s\n", line.c_str());
        };
    }
    std::optional<TlsMaterial> material;
    if (!options.http) {
        auto made = material_for(options);
        if (!made) return made.error();
        if (auto done = write_material(options, *made); !done) return done;
        material = *std::move(made);
    }
    Server server(loop, sandbox, material, !options.client_certificate_directory.empty());
    const auto port = server.listen(options.address, options.port);
    if (!port) return port.error();
    if (!options.control_socket.empty()) {
        if (auto done = server.listen_control(options.control_socket); !done) return done;
    }
    const bool ip6 = options.address.find(':') != std::string::npos;
    std::cout << "listening on " << (options.http ? "http://" : "https://") << (ip6 ? "[" : "")
              << options.address << (ip6 ? "]" : "") << ":" << *port << std::endl;
    if (!options.port_file.empty()) {
        if (auto done = write_file(options.port_file, std::to_string(*port) + "\n", 0644); !done)
            return done;
    }
    boost::asio::signal_set signals(loop, SIGTERM, SIGINT);
    signals.async_wait([&server](const boost::system::error_code&, int) { server.stop(); });
    loop.run();
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    const auto parsed = parse_options(argc, argv);
    if (!parsed.options) return parsed.exit_status;
    try {
        if (const auto done = run(*parsed.options); !done) {
            std::cerr << "tokenbroker-sandbox: " << done.error().message() << "\n";
            return 1;
        }
    } catch (const std::exception& failure) {
        std::cerr << "tokenbroker-sandbox: " << failure.what() << "\n";
        return 1;
    }
    return 0;
}
