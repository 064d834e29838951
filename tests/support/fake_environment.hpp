#pragma once

#include "config/environment.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace tokenbroker::testing_support {

// A machine for the loader of the configuration: files, folders, variables and names as a test sets
// them.
class FakeEnvironment final : public config::Environment {
public:
    struct Entry {
        std::string content;
        Status status;
    };

    void file(const std::string& path, std::string content, mode_t mode = 0640) {
        entries_[path] = {std::move(content), {FileType::regular, mode, 0, 0}};
    }
    void folder(const std::string& path, mode_t mode = 0755) {
        entries_[path] = {"", {FileType::directory, mode, 0, 0}};
    }
    void set(const std::string& name, std::string value) { variables_[name] = std::move(value); }

    std::map<std::string, unsigned> users{{"root", 0}, {"invoices", 1001}, {"nobody", 65534}};
    std::map<std::string, unsigned> groups{
        {"root", 0}, {"integrations", 2001}, {"invoices", 1001}, {"tokenbroker", 990}};
    std::set<std::string> unanswered;  // names that the name service fails to answer for
    uid_t uid = 990;
    bool chown = false;

    Result<File> read_file(const std::string& path, std::size_t largest) override {
        const auto found = entries_.find(path);
        if (found == entries_.end())
            return Error(Errc::not_found, "can't be read: No such file or directory (ENOENT)");
        if (found->second.status.type != FileType::regular)
            return Error(Errc::invalid_input, "not a regular file");
        if (found->second.content.size() > largest)
            return Error(Errc::too_large, "the file is too large");
        return File{found->second.content, found->second.status};
    }
    Result<Status> status(const std::string& path) override {
        const auto found = entries_.find(path);
        if (found == entries_.end())
            return Error(Errc::not_found, "can't be looked at: No such file or directory (ENOENT)");
        return found->second.status;
    }
    Result<std::vector<std::string>> list(const std::string& folder) override {
        const auto found = entries_.find(folder);
        if (found == entries_.end())
            return Error(Errc::not_found, "can't be listed: No such file or directory (ENOENT)");
        if (found->second.status.type != FileType::directory) {
            return Error(Errc::io, "can't be listed: Not a directory (ENOTDIR)");
        }
        std::vector<std::string> names;
        for (const auto& [path, entry] : entries_) {
            const bool inside = path.starts_with(folder + "/") &&
                                path.find('/', folder.size() + 1) == std::string::npos;
            if (inside) names.push_back(path.substr(folder.size() + 1));
        }
        std::ranges::sort(names);
        return names;
    }
    std::optional<std::string> variable(const std::string& name) override {
        const auto found = variables_.find(name);
        return found == variables_.end() ? std::nullopt : std::optional(found->second);
    }
    Id user(const std::string& name) override { return look_up(users, name); }
    Id group(const std::string& name) override { return look_up(groups, name); }
    uid_t own_uid() override { return uid; }
    bool may_change_owner() override { return chown; }

private:
    Id look_up(const std::map<std::string, unsigned>& names, const std::string& name) const {
        if (unanswered.contains(name)) return {Answer::failed, 0};
        const auto found = names.find(name);
        return found == names.end() ? Id{Answer::unknown, 0} : Id{Answer::found, found->second};
    }

    std::map<std::string, Entry> entries_;
    std::map<std::string, std::string> variables_;
};

}  // namespace tokenbroker::testing_support
