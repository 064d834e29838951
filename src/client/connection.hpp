#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <tokenbroker/result.hpp>

namespace tokenbroker::client {

using Deadline = std::chrono::steady_clock::time_point;

// Why a step did not do what it should.
enum class Trouble { none, timeout, lost, stopped };

// A blocking connection to the daemon: each step has a deadline. Where `stop` is a descriptor, a
// step ends early as soon as that can be read.
class Connection {
public:
    static Result<Connection> open(const std::string& path, Deadline deadline, int stop = -1);

    Connection(Connection&& other) noexcept : descriptor_(other.descriptor_), stop_(other.stop_) {
        other.descriptor_ = -1;
    }
    Connection& operator=(Connection&& other) noexcept;
    ~Connection();

    [[nodiscard]] Trouble send(std::string_view bytes, Deadline deadline) const;
    // Puts what came, at least one byte, into `into`; leaves it empty where the peer closed.
    [[nodiscard]] Trouble receive(std::string& into, Deadline deadline) const;

private:
    Connection(int descriptor, int stop) : descriptor_(descriptor), stop_(stop) {}
    int descriptor_;
    int stop_;
};

// Waits until the deadline, or until `stop` can be read: then true.
bool pause_until(Deadline deadline, int stop);

}  // namespace tokenbroker::client
