#include "host/peer.hpp"

#include <algorithm>
#include <array>

// The rules of systemd's cg_path_get_unit() (src/basic/cgroup-util.c), which sd_pid_get_unit() is
// made of: linking libsystemd for them would cost more memory than all the rest of this room.
namespace tokenbroker::host {
namespace {

constexpr std::array<std::string_view, 11> unit_types{".service",   ".socket", ".device", ".mount",
                                                      ".automount", ".swap",   ".target", ".path",
                                                      ".timer",     ".slice",  ".scope"};
constexpr std::size_t longest_unit = 255;

bool is_unit_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view(":-_.\\").find(c) != std::string_view::npos;
}

// foo.service or foo@instance.service, but not the template foo@.service.
bool is_unit_name(std::string_view name, bool instances) {
    if (name.empty() || name.size() > longest_unit) return false;
    const std::size_t dot = name.rfind('.');
    if (dot == 0 || dot == std::string_view::npos) return false;
    if (std::find(unit_types.begin(), unit_types.end(), name.substr(dot)) == unit_types.end())
        return false;
    const std::string_view stem = name.substr(0, dot);
    const std::size_t at = stem.find('@');
    if (at == 0) return false;
    if (at != std::string_view::npos && (!instances || at + 1 == stem.size())) return false;
    return std::all_of(stem.begin(), stem.end(),
                       [](char c) { return c == '@' || is_unit_char(c); });
}

// A group whose name would mean something to the kernel has an underscore before it.
std::string_view unescape(std::string_view name) {
    if (!name.empty() && name.front() == '_') name.remove_prefix(1);
    return name;
}

std::string_view skip_slashes(std::string_view path) {
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    return path;
}

bool is_slice(std::string_view group) {
    constexpr std::string_view suffix = ".slice";
    return group.size() > suffix.size() && group.substr(group.size() - suffix.size()) == suffix &&
           is_unit_name(unescape(group), false);
}

bool names_manager(std::string_view controllers) {
    while (!controllers.empty()) {
        const std::size_t comma = std::min(controllers.find(','), controllers.size());
        if (controllers.substr(0, comma) == "name=systemd") return true;
        controllers.remove_prefix(std::min(comma + 1, controllers.size()));
    }
    return false;
}

}  // namespace

std::optional<std::string> unit_of_cgroup(std::string_view path) {
    path = skip_slashes(path);
    while (true) {
        const std::string_view group = path.substr(0, path.find('/'));
        if (is_slice(group)) {
            path = skip_slashes(path.substr(group.size()));
            continue;
        }
        const std::string_view unit = unescape(group);
        constexpr std::string_view slice = ".slice";
        const bool ends_in_slice =
            unit.size() >= slice.size() && unit.substr(unit.size() - slice.size()) == slice;
        if (group.size() < 3 || ends_in_slice || !is_unit_name(unit, true)) return std::nullopt;
        return std::string(unit);
    }
}

std::optional<std::string> manager_cgroup(std::string_view proc_cgroup, std::string_view root) {
    std::optional<std::string_view> unified;
    std::optional<std::string_view> legacy;
    while (!proc_cgroup.empty()) {
        const std::size_t end = std::min(proc_cgroup.find('\n'), proc_cgroup.size());
        const std::string_view line = proc_cgroup.substr(0, end);
        proc_cgroup.remove_prefix(std::min(end + 1, proc_cgroup.size()));
        // HIERARCHY:CONTROLLERS:PATH
        const std::size_t first = line.find(':');
        if (first == std::string_view::npos) continue;
        const std::size_t second = line.find(':', first + 1);
        if (second == std::string_view::npos) continue;
        const std::string_view controllers = line.substr(first + 1, second - first - 1);
        const std::string_view path = line.substr(second + 1);
        if (line.substr(0, second + 1) == "0::") unified = path;
        if (names_manager(controllers)) legacy = path;
    }
    // Where the manager has a hierarchy of its own (cgroup v1), that one counts.
    std::optional<std::string_view> path = legacy ? legacy : unified;
    if (!path || path->empty() || path->front() != '/') return std::nullopt;
    constexpr std::string_view deleted = " (deleted)";
    if (path->size() > deleted.size() && path->substr(path->size() - deleted.size()) == deleted) {
        path->remove_suffix(deleted.size());
    }
    while (!root.empty() && root.back() == '/')
        root.remove_suffix(1);
    if (!root.empty() && path->substr(0, root.size()) == root &&
        (path->size() == root.size() || (*path)[root.size()] == '/')) {
        path->remove_prefix(root.size());
    }
    return path->empty() ? std::string("/") : std::string(*path);
}

}  // namespace tokenbroker::host
