#include "config/load.hpp"

#include "config/keys.hpp"
#include "config/permissions.hpp"
#include "config/policy.hpp"
#include "config/read_account.hpp"
#include "config/read_allow.hpp"
#include "config/read_parts.hpp"
#include "core/start_plan.hpp"
#include "document/parse.hpp"
#include "document/read.hpp"
#include "recipe/parse.hpp"

#include <deque>
#include <filesystem>
#include <set>
#include <utility>

namespace tokenbroker::config {
namespace {

using document::MapReader;
using document::Mistakes;
using document::Value;

constexpr const char* default_path = "/etc/tokenbroker/tokenbroker.yaml";
constexpr const char* inline_variable = "TOKENBROKER_CONFIG_INLINE";

class Loader {
public:
    explicit Loader(Environment& environment) : context_{environment, mistakes_, warnings_} {}

    Loaded run(const Origin& origin) {
        if (const Value* root = read_document(origin)) read_root(*root);
        Loaded loaded{std::nullopt, mistakes_.sorted(), warnings_.sorted()};
        if (loaded.mistakes.empty()) loaded.settings = std::move(settings_);
        return loaded;
    }

private:
    // A document that stays until the loader goes: accounts are read long after it was opened.
    const Value* keep(std::optional<Value> value) {
        return value ? &documents_.emplace_back(std::move(*value)) : nullptr;
    }

    const Value* read_document(const Origin& origin) {
        if (const auto* text = std::get_if<FromText>(&origin)) {
            return keep(document::parse(text->text, text->name, mistakes_));
        }
        const std::string& path = std::get<FromFile>(origin).path;
        const auto folder = std::filesystem::path(path).parent_path().string();
        check_folder(folder.empty() ? "." : folder, {path, 0, 0}, true, context_);
        return read_yaml(path, {path, 0, 0});
    }

    // `named`: where the file, or its folder, was asked for.
    const Value* read_yaml(const std::string& path, const Place& named) {
        const auto file = context_.environment.read_file(path, document::largest_document);
        if (!file) {
            mistakes_.add(named, named.file == path ? file.error().message()
                                                    : path + ": " + file.error().message());
            return nullptr;
        }
        check_not_writable(path, file->status, {path, 0, 0}, context_);
        return keep(document::parse(file->content, path, mistakes_));
    }

    // The paths of the `*.yaml` in a folder, by name.
    std::vector<std::string> yaml_files(const Value& folder) {
        const std::string& path = folder.text();
        const auto names = context_.environment.list(path);
        if (!names) {
            mistakes_.add(folder.place(), path + ": " + names.error().message());
            return {};
        }
        check_folder(path, folder.place(), false, context_);
        std::vector<std::string> files;
        for (const std::string& name : *names) {
            if (!name.ends_with(".yaml") || name.starts_with('.')) continue;
            files.push_back(path);
            files.back().append("/").append(name);
        }
        return files;
    }

    void read_root(const Value& root) {
        const MapReader map(root, "the configuration", keys::root, mistakes_);
        if (!map.usable()) return;
        if (const Value* value = map.find("socket"))
            read_socket(*value, settings_.socket, context_);
        if (const Value* value = map.find("metrics"))
            read_metrics(*value, settings_.metrics, context_);
        read_state(map.find("state"), root.place(), settings_.state, context_);
        if (const Value* value = map.find("log")) read_log(*value, settings_.log, context_);
        if (const Value* value = map.find("limits"))
            read_limits(*value, settings_.limits, context_);
        settings_.admin = default_admins(context_.environment);
        if (const Value* value = map.find("admin")) {
            if (auto admin = read_allow(*value, context_)) settings_.admin = std::move(*admin);
        }
        if (const Value* value = map.find("realms"))
            read_realms(*value, settings_.realms, context_);
        const auto listed = settings_.realms;
        read_recipes(map.find("recipes"));
        read_accounts(map);
        warn_of_unused(listed, map.find("realms"));
        warn_of_budgets(root.place().file);
    }

    void read_recipes(const Value* folders) {
        auto library = std::make_shared<recipe::Library>(recipe::Library::with_built_ins());
        if (folders != nullptr) {
            for (const Value* folder : read_folders(*folders, context_)) {
                for (const std::string& path : yaml_files(*folder))
                    read_recipe(path, *folder, *library);
            }
        }
        settings_.recipes = std::move(library);
    }

    void read_recipe(const std::string& path, const Value& folder, recipe::Library& library) {
        const auto file = context_.environment.read_file(path, recipe::largest_recipe);
        if (!file) {
            mistakes_.add(folder.place(), path + ": " + file.error().message());
            return;
        }
        check_not_writable(path, file->status, {path, 0, 0}, context_);
        library.add(file->content, path, mistakes_);
    }

    void read_accounts(const MapReader& root) {
        ThrottleSettings throttle;
        if (const Value* value = root.find("throttle"))
            read_throttle(*value, throttle, nullptr, context_);
        std::optional<Proxy> proxy;
        if (const Value* value = root.find("proxy")) read_proxy(*value, proxy, context_);
        AccountReader reader(*settings_.recipes, root.find("defaults"), throttle, proxy, context_);
        if (const Value* accounts = root.find("accounts")) add_accounts(*accounts, reader);
        if (const Value* folders = root.find("include")) {
            for (const Value* folder : read_folders(*folders, context_)) {
                for (const std::string& path : yaml_files(*folder))
                    include(path, *folder, reader);
            }
        }
        if (!accounts_seen_.empty()) return;
        reader.check_defaults();
        warnings_.add(root.value().place(), "no accounts are configured");
    }

    void include(const std::string& path, const Value& folder, AccountReader& reader) {
        const Value* document = read_yaml(path, folder.place());
        if (document == nullptr || document->kind() == document::Kind::null) return;
        const MapReader map(*document, "an included file", keys::included, mistakes_);
        if (const Value* accounts = map.find("accounts")) add_accounts(*accounts, reader);
    }

    void add_accounts(const Value& accounts, AccountReader& reader) {
        if (accounts.kind() == document::Kind::null) return;
        if (document::expect_map(accounts, "accounts (a map)", mistakes_) == nullptr) return;
        for (const document::Entry& entry : accounts.entries()) {
            const Place place = entry.key_spot.place();
            const auto [first, added] = accounts_seen_.try_emplace(entry.key, place);
            if (!added) {
                mistakes_.add(place, "account " + entry.key + " is there twice; the first is at " +
                                         first->second.text());
                continue;
            }
            AccountSettings account = reader.read(entry);
            settings_.realms.try_emplace(account.realm, core::default_realm_budget);
            settings_.accounts.try_emplace(account.name, std::move(account));
        }
    }

    void warn_of_unused(const std::map<std::string, core::Budget>& listed, const Value* realms) {
        std::set<std::string_view> used;
        for (const auto& [name, account] : settings_.accounts)
            used.insert(account.realm);
        for (const auto& [name, budget] : listed) {
            if (used.contains(name)) continue;
            const Value* value = realms->find(name);
            warnings_.add(value->place(), "no account is in realm " + name);
        }
    }

    void warn_of_budgets(const std::string& file) {
        if (!mistakes_.empty()) return;
        std::vector<core::AccountSettings> accounts;
        accounts.reserve(settings_.accounts.size());
        for (const auto& [name, account] : settings_.accounts)
            accounts.push_back(core_settings(account));
        for (std::string& warning : core::budget_warnings(accounts, settings_.realms)) {
            warnings_.add({file, 0, 0}, std::move(warning));
        }
    }

    Mistakes mistakes_;
    Mistakes warnings_;
    Context context_;
    Settings settings_;
    std::deque<Value> documents_;
    std::map<std::string, Place> accounts_seen_;
};

std::optional<std::string> filled(Environment& environment, const char* name) {
    auto value = environment.variable(name);
    if (value && value->empty()) value.reset();
    return value;
}

}  // namespace

Origin choose_origin(const std::optional<std::string>& option, Environment& environment) {
    if (option) return FromFile{*option};
    if (auto text = filled(environment, inline_variable)) {
        return FromText{std::move(*text), std::string("$") + inline_variable};
    }
    return FromFile{filled(environment, "TOKENBROKER_CONFIG").value_or(default_path)};
}

Loaded load(const Origin& origin, Environment& environment) {
    return Loader(environment).run(origin);
}

}  // namespace tokenbroker::config
