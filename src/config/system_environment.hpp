#pragma once

#include "config/environment.hpp"

namespace tokenbroker::config {

// Asks the machine that it runs on. Holds nothing: may be used on any one thread at a time.
class SystemEnvironment final : public Environment {
public:
    Result<File> read_file(const std::string& path, std::size_t largest) override;
    Result<Status> status(const std::string& path) override;
    Result<std::vector<std::string>> list(const std::string& folder) override;
    std::optional<std::string> variable(const std::string& name) override;
    Id user(const std::string& name) override;
    Id group(const std::string& name) override;
    uid_t own_uid() override;
    bool may_change_owner() override;
};

}  // namespace tokenbroker::config
