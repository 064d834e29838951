#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace tokenbroker::support {

// A certificate and its key, PEM.
struct Certificate {
    std::string certificate;
    std::string key;
};

// What a certificate says.
struct Subject {
    std::string name = "localhost";
    std::vector<std::string> alternative_names = {"DNS:localhost", "IP:127.0.0.1"};
    std::chrono::seconds valid_from = std::chrono::hours(-1);  // from now
    std::chrono::seconds valid_until = std::chrono::hours(1);
};

// A certificate authority made on the spot.
class Authority {
public:
    explicit Authority(const std::string& name);
    Authority(const Authority&) = delete;
    Authority& operator=(const Authority&) = delete;
    ~Authority();

    [[nodiscard]] std::string certificate() const;  // PEM
    [[nodiscard]] Certificate issue(const Subject& subject) const;
    // Signed by its own key, by no authority.
    static Certificate self_signed(const Subject& subject);

private:
    struct Keys;
    std::unique_ptr<Keys> keys_;
};

}  // namespace tokenbroker::support
