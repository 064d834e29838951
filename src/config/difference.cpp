#include "config/difference.hpp"

#include "recipe/inputs.hpp"

#include <set>
#include <utility>

namespace tokenbroker::config {
namespace {

using Keys = std::vector<std::string>;

template <class T>
void note(Keys& keys, const char* key, const T& running, const T& fresh) {
    if (!(running == fresh)) keys.emplace_back(key);
}

std::string group_name(const std::optional<core::NamedId>& group) {
    return group ? group->name : "";
}

// Which inputs differ, secret or not.
Keys changed_inputs(const AccountSettings& running, const AccountSettings& fresh) {
    std::set<std::string> names;
    for (const auto* account : {&running, &fresh}) {
        for (const auto& [name, value] : account->inputs.all())
            names.insert(name);
        for (const auto& [name, source] : account->secrets)
            names.insert(name);
    }
    Keys keys;
    for (const std::string& name : names) {
        const recipe::Value* before = running.inputs.find(name);
        const recipe::Value* after = fresh.inputs.find(name);
        const bool same_value =
            before == nullptr || after == nullptr ? before == after : *before == *after;
        const auto old_source = running.secrets.find(name);
        const auto new_source = fresh.secrets.find(name);
        const bool had = old_source != running.secrets.end();
        const bool has = new_source != fresh.secrets.end();
        const bool same_source = had == has && (!had || old_source->second == new_source->second);
        if (!same_value || !same_source) keys.push_back("inputs." + name);
    }
    return keys;
}

std::string identity(const AccountSettings& account) {
    return account.recipe->name + '\n' + account.base_url.origin() + '\n' +
           recipe::identity_of(*account.recipe, account.inputs);
}

AccountChange compare_account(const AccountSettings& running, const AccountSettings& fresh) {
    Keys login;
    note(login, "recipe", running.recipe->name, fresh.recipe->name);
    if (login.empty())
        note(login, "the recipe's text", running.recipe->source, fresh.recipe->source);
    note(login, "base_url", running.base_url, fresh.base_url);
    for (std::string& key : changed_inputs(running, fresh))
        login.push_back(std::move(key));
    note(login, "tls", running.tls, fresh.tls);
    note(login, "proxy", running.proxy, fresh.proxy);

    AccountChange change(fresh.name, login);
    change.login = !login.empty();
    change.another = identity(running) != identity(fresh);
    note(change.changed, "login", running.login, fresh.login);
    note(change.changed, "refresh", running.refresh, fresh.refresh);
    note(change.changed, "throttle", running.throttle, fresh.throttle);
    note(change.changed, "throttle.realm", running.realm, fresh.realm);
    note(change.changed, "probe", running.probe_every, fresh.probe_every);
    change.access = !(running.allow == fresh.allow);
    if (change.access) change.changed.emplace_back("allow");
    change.sinks = !(running.sinks == fresh.sinks);
    if (change.sinks) change.changed.emplace_back("sinks");
    return change;
}

void compare_accounts(const Settings& running, const Settings& fresh, Difference& difference) {
    for (const auto& [name, account] : running.accounts) {
        const auto found = fresh.accounts.find(name);
        if (found == fresh.accounts.end()) {
            difference.removed.push_back(name);
            continue;
        }
        AccountChange change = compare_account(account, found->second);
        if (!change.changed.empty()) difference.changed.push_back(std::move(change));
    }
    for (const auto& [name, account] : fresh.accounts) {
        if (!running.accounts.contains(name)) difference.added.push_back(name);
    }
}

std::string joined(const Keys& parts) {
    std::string text;
    for (const std::string& part : parts)
        text += (text.empty() ? "" : ", ") + part;
    return text;
}

}  // namespace

bool SinkSettings::operator==(const SinkSettings& other) const {
    return path == other.path && format == other.format && mode == other.mode &&
           group == other.group && owner == other.owner && then == other.then &&
           timeout == other.timeout;
}

bool Difference::empty() const noexcept {
    return added.empty() && removed.empty() && changed.empty() && !admin && !realms &&
           process.empty() && restart_needed.empty();
}

std::vector<std::string> Difference::lines() const {
    Keys lines;
    for (const AccountName& name : added)
        lines.push_back("account " + name.text() + ": added");
    for (const AccountName& name : removed)
        lines.push_back("account " + name.text() + ": removed");
    for (const AccountChange& change : changed) {
        lines.push_back(
            "account " + change.name.text() + ": " + joined(change.changed) + " changed" +
            (change.another ? "; it is another account now, its token is dropped" : ""));
    }
    if (admin) lines.emplace_back("admin changed");
    if (realms) lines.emplace_back("realms changed");
    for (const std::string& key : process)
        lines.push_back(key + " changed");
    return lines;
}

std::string Difference::summary() const {
    Keys parts;
    const auto count = [&](std::size_t number, const char* what) {
        if (number == 0) return;
        const char* noun = !parts.empty() ? "" : number == 1 ? "account " : "accounts ";
        parts.push_back(std::to_string(number) + ' ' + noun + what);
    };
    count(added.size(), "added");
    count(removed.size(), "removed");
    count(changed.size(), "changed");
    if (admin) parts.emplace_back("admin changed");
    if (realms) parts.emplace_back("realms changed");
    for (const std::string& key : process)
        parts.push_back(key + " changed");
    std::string text = joined(parts);
    if (!restart_needed.empty()) {
        text += (text.empty() ? "" : "; ") + std::string("restart needed for ") +
                joined(restart_needed);
    }
    return text.empty() ? "nothing changed" : text;
}

Difference compare(const Settings& running, const Settings& fresh) {
    Difference difference;
    compare_accounts(running, fresh, difference);
    difference.admin = !(running.admin == fresh.admin);
    difference.realms = running.realms != fresh.realms;

    Keys& process = difference.process;
    note(process, "log.level", running.log.level, fresh.log.level);
    note(process, "log.audit", running.log.audit, fresh.log.audit);
    note(process, "limits.connections", running.limits.connections, fresh.limits.connections);
    note(process, "limits.waiting", running.limits.waiting, fresh.limits.waiting);
    note(process, "limits.head", running.limits.head, fresh.limits.head);
    note(process, "limits.body", running.limits.body, fresh.limits.body);
    note(process, "limits.head_timeout", running.limits.head_timeout, fresh.limits.head_timeout);
    note(process, "limits.idle", running.limits.idle, fresh.limits.idle);

    Keys& restart = difference.restart_needed;
    note(restart, "socket.path", running.socket.path, fresh.socket.path);
    note(restart, "socket.mode", running.socket.mode, fresh.socket.mode);
    note(restart, "socket.group", group_name(running.socket.group), group_name(fresh.socket.group));
    note(restart, "state.directory", running.state.directory, fresh.state.directory);
    note(restart, "state.key", running.state.key, fresh.state.key);
    note(restart, "state.previous_key", running.state.previous_key, fresh.state.previous_key);
    note(restart, "metrics", running.metrics, fresh.metrics);
    note(restart, "log.format", running.log.format, fresh.log.format);
    return difference;
}

}  // namespace tokenbroker::config
