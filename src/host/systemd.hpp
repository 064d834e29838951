#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "host/descriptor.hpp"
#include "host/variables.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace tokenbroker::host {

// What is told to the service manager at $NOTIFY_SOCKET (sd_notify(3)); without one, nothing is. No
// message waits for longer than 200 ms. `status` is one line for people; it never holds a secret.
class ServiceManager {
public:
    explicit ServiceManager(const Variables& variables);

    [[nodiscard]] bool present() const noexcept { return static_cast<bool>(socket_); }
    // How often watchdog() is to be called: half of $WATCHDOG_USEC; none where nobody watches this
    // process.
    [[nodiscard]] std::optional<Milliseconds> watchdog_interval() const noexcept {
        return interval_;
    }

    Result<void> ready(std::string_view status);
    Result<void> reloading(std::string_view status);
    Result<void> stopping(std::string_view status);
    Result<void> status(std::string_view status);
    Result<void> failed(int error_number, std::string_view status);  // 0: no system call failed
    Result<void> watchdog();

private:
    Result<void> send(const std::string& message);

    Descriptor socket_;
    std::string address_;  // the bytes of sun_path, with a leading NUL where it is abstract
    std::optional<Milliseconds> interval_;
};

// The listening AF_UNIX stream socket that systemd handed over: the only one, or of several the one
// named "tokenbroker". None where nothing was handed over; misconfigured where something was, and
// it fits not. Takes all descriptors that were handed over: those it does not return are closed.
// `first` is 3.
Result<std::optional<Descriptor>> take_listening_socket(const Variables& variables, int first = 3);

}  // namespace tokenbroker::host
