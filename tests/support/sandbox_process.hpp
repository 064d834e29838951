#pragma once

#include "support/process.hpp"
#include "support/temp_dir.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <vector>

namespace tokenbroker::support {

// tokenbroker-sandbox as a child, on a port of its own, steered over its control socket.
class SandboxProcess {
public:
    // Files go to `folder`, which outlives this. `options` as on its command line.
    explicit SandboxProcess(const TempDir& folder, const std::vector<std::string>& options = {});

    [[nodiscard]] const std::string& url() const { return url_; }  // "https://127.0.0.1:PORT"
    [[nodiscard]] const std::string& ca_file() const { return ca_file_; }
    [[nodiscard]] Process& process() { return process_; }

    // POST /sandbox/behaviour; throws where the sandbox did not understand.
    void behave(const std::string& json) const;
    void fault(const std::string& json) const { behave(R"({"fault": )" + json + "}"); }
    void set(const std::string& name, const std::string& value) const;

    struct Count {
        std::size_t requests = 0;
        std::size_t ok = 0;
        std::size_t refused = 0;
        std::size_t throttled = 0;
        std::size_t failed = 0;
        std::vector<double> at;  // Unix seconds
    };
    // Of an endpoint ("rossum.login"), by one account where it is named.
    [[nodiscard]] Count count(const std::string& endpoint, const std::string& account = "") const;
    // { "endpoints", "accounts" }, as GET /sandbox/counts says it.
    [[nodiscard]] boost::json::value counts() const;
    // The list of each request, in order: { "at", "steady", "endpoint", "account", "outcome",
    // "status" }, and "retry_after" where the answer had one.
    [[nodiscard]] boost::json::array events() const;

private:
    std::string control_;
    std::string ca_file_;
    std::string url_;
    Process process_;
};

}  // namespace tokenbroker::support
