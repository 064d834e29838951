#include "host/names.hpp"

#include <cerrno>
#include <grp.h>
#include <pwd.h>
#include <vector>

namespace tokenbroker::host {
namespace {

constexpr std::size_t first_buffer = 4096;
constexpr std::size_t largest_buffer =
    std::size_t{1024} * 1024;  // a group with some 10,000 members

// Both families look alike: `look` fills an entry and a buffer, and says 0 and null for "no such".
// Anything but 0 is a service that could not be asked (glibc returns no ENOENT for a name that is
// not there).
template <class Entry, class Look>
Result<Entry> look_up(const std::string& what, std::vector<char>& buffer, Look look) {
    buffer.resize(first_buffer);
    while (true) {
        Entry entry{};
        Entry* found = nullptr;
        const int error = look(&entry, buffer.data(), buffer.size(), &found);
        if (error == 0 && found != nullptr) return entry;
        if (error == 0) return Error(Errc::not_found, "there is no " + what);
        if (error == EINTR) continue;
        if (error == ERANGE && buffer.size() < largest_buffer) {
            buffer.resize(buffer.size() * 2);
            continue;
        }
        return Error(Errc::unavailable, system_error("looking up the " + what, error).message());
    }
}

template <class Look>
Result<User> look_up_user(const std::string& what, Look look) {
    std::vector<char> buffer;
    auto entry = look_up<passwd>(what, buffer, look);
    if (!entry) return entry.error();
    return User{entry->pw_name, entry->pw_uid, entry->pw_gid};
}

template <class Look>
Result<Group> look_up_group(const std::string& what, Look look) {
    std::vector<char> buffer;
    auto entry = look_up<group>(what, buffer, look);
    if (!entry) return entry.error();
    return Group{entry->gr_name, entry->gr_gid};
}

}  // namespace

Result<User> find_user(const std::string& name) {
    return look_up_user("user " + name,
                        [&name](passwd* entry, char* buffer, std::size_t size, passwd** found) {
                            return ::getpwnam_r(name.c_str(), entry, buffer, size, found);
                        });
}

Result<User> find_user(uid_t uid) {
    return look_up_user("user with uid " + std::to_string(uid),
                        [uid](passwd* entry, char* buffer, std::size_t size, passwd** found) {
                            return ::getpwuid_r(uid, entry, buffer, size, found);
                        });
}

Result<Group> find_group(const std::string& name) {
    return look_up_group("group " + name,
                         [&name](group* entry, char* buffer, std::size_t size, group** found) {
                             return ::getgrnam_r(name.c_str(), entry, buffer, size, found);
                         });
}

Result<Group> find_group(gid_t gid) {
    return look_up_group("group with gid " + std::to_string(gid),
                         [gid](group* entry, char* buffer, std::size_t size, group** found) {
                             return ::getgrgid_r(gid, entry, buffer, size, found);
                         });
}

Result<std::vector<gid_t>> groups_of(const User& user) {
    constexpr int most = 65536;  // NGROUPS_MAX
    std::vector<gid_t> groups(32);
    int count = static_cast<int>(groups.size());
    while (::getgrouplist(user.name.c_str(), user.gid, groups.data(), &count) < 0) {
        if (count > most || count <= static_cast<int>(groups.size())) {
            return Error(Errc::unavailable, "the groups of user " + user.name + " can't be told");
        }
        groups.resize(static_cast<std::size_t>(count));
    }
    groups.resize(static_cast<std::size_t>(count));
    std::erase(groups, user.gid);
    return groups;
}

}  // namespace tokenbroker::host
