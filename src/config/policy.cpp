#include "config/policy.hpp"

#include "recipe/inputs.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <variant>

namespace tokenbroker::config {
namespace {

// The lifetime that the recipe asks for or assumes. Absent where only an answer tells.
std::optional<Milliseconds> known_lifetime(const AccountSettings& account) {
    const recipe::Expires& expires = account.recipe->token.expires;
    if (expires.kind != recipe::Expires::Kind::after) return std::nullopt;
    if (expires.value.literal()) {
        const auto lifetime = parse_duration(expires.value.text());
        return lifetime ? std::optional(*lifetime) : std::nullopt;
    }
    const recipe::Value* value = account.inputs.find(expires.value.whole());
    if (value == nullptr) return std::nullopt;
    const auto* lifetime = std::get_if<Milliseconds>(&value->scalar());
    return lifetime != nullptr ? std::optional(*lifetime) : std::nullopt;
}

// FNV-1a over parts with their lengths. Guards against nobody: it only has to notice a change.
class Hash {
public:
    void add(std::string_view part) {
        add_bytes(std::to_string(part.size()));
        add_bytes(":");
        add_bytes(part);
    }
    [[nodiscard]] std::string text() const {
        std::array<char, 17> buffer{};
        std::snprintf(buffer.data(), buffer.size(), "%016llx",
                      static_cast<unsigned long long>(state_));
        return buffer.data();
    }

private:
    void add_bytes(std::string_view bytes) {
        for (const char byte : bytes) {
            state_ ^= static_cast<unsigned char>(byte);
            state_ *= 0x100000001B3U;
        }
    }
    std::uint64_t state_ = 0xCBF29CE484222325U;
};

void add_source(Hash& hash, const SecretSource& source) {
    hash.add(describe(source));
    if (const auto* command = std::get_if<SecretCommand>(&source.from)) {
        for (const std::string& argument : command->arguments)
            hash.add(argument);
    }
}

}  // namespace

core::AccountSettings core_settings(const AccountSettings& account) {
    const recipe::Recipe& recipe = *account.recipe;
    core::AccountSettings settings;
    settings.account = account.name.text();
    settings.realm = account.realm;
    settings.budget = account.throttle.budget;
    settings.backoff = account.throttle.backoff;
    settings.throttled_backoff = account.throttle.throttled_backoff;
    settings.refresh = account.refresh;
    settings.on_demand = account.login == LoginWhen::on_demand;
    settings.probe_every = account.probe_every;
    settings.lifetime = known_lifetime(account);
    settings.has_refresh = !recipe.refresh.empty();
    settings.kept_replaces_input =
        settings.has_refresh && std::ranges::any_of(recipe.keep, [&](const std::string& name) {
            return recipe.find_input(name) != nullptr;
        });
    settings.has_probe = recipe.probe.has_value();
    settings.has_revoke = !recipe.revoke.empty();
    return settings;
}

std::string login_fingerprint(const AccountSettings& account) {
    Hash hash;
    hash.add(account.recipe->name);
    hash.add(account.recipe->source);
    hash.add(account.base_url.text());
    for (const auto& [name, value] : account.inputs.all()) {
        hash.add(name);
        hash.add(value.as_text().reveal());
    }
    for (const auto& [name, source] : account.secrets) {
        hash.add(name);
        add_source(hash, source);
    }
    const TlsSettings& tls = account.tls;
    for (const auto* part :
         {&tls.ca_file, &tls.client_certificate, &tls.client_key, &tls.server_name}) {
        hash.add(*part ? "+" + **part : "-");
    }
    hash.add(account.proxy ? account.proxy->host + ' ' + std::to_string(account.proxy->port) : "");
    return hash.text();
}

}  // namespace tokenbroker::config
