#include "config/read_account.hpp"

#include "base/mask.hpp"
#include "config/keys.hpp"
#include "config/permissions.hpp"
#include "config/read_allow.hpp"
#include "config/read_inputs.hpp"
#include "config/read_parts.hpp"
#include "config/read_sinks.hpp"
#include "document/nearest.hpp"
#include "document/read.hpp"

#include <utility>

namespace tokenbroker::config {
namespace {

using document::MapReader;
using document::Value;
using namespace std::chrono_literals;

void read_share(const MapReader& map, std::string_view key, double& into, std::uint32_t least,
                std::uint32_t most) {
    std::uint32_t hundredths = 0;
    if (map.take(key, hundredths, document::read_percentage, least, most))
        into = hundredths / 10000.0;
}

void read_refresh(const Value& value, core::RefreshPolicy& into, Context& context) {
    const MapReader map(value, "refresh", keys::refresh, context.mistakes);
    read_share(map, "at", into.at, 1, 99);
    read_share(map, "jitter", into.jitter, 0, 50);
    map.take("max_lead", into.max_lead, document::read_duration, 1s, 24h * 365);
    if (into.jitter > into.at) {
        context.mistakes.add(value.place(),
                             "jitter is larger than at; a refresh would be due before the token");
    }
}

std::optional<std::string> read_server_name(const Value& value, document::Mistakes& mistakes) {
    if (is_host_name(value.text())) return value.text();
    if (value.kind() != document::Kind::refused) {
        mistakes.add(value.place(), "expected a DNS name, found " + document::show(value));
    }
    return std::nullopt;
}

// A file that is read when a connection is made: one that is not there yet is no mistake.
std::optional<std::string> read_pem_path(const Value& value, Context& context) {
    auto path = document::read_path(value, context.mistakes);
    if (!path) return std::nullopt;
    if (const auto status = context.environment.status(*path); !status) {
        context.warnings.add(value.place(), *path + ": " + status.error().message());
    } else if (status->type == Environment::FileType::directory) {
        context.mistakes.add(value.place(), *path + " is a folder; allowed is a file in PEM");
        return std::nullopt;
    }
    return path;
}

}  // namespace

// An account over the defaults. Keys that may stand in both are looked up in both.
struct AccountReader::Layers {
    const MapReader* defaults;  // or null
    const MapReader& own;

    [[nodiscard]] const Value* nearest(std::string_view key) const {
        const Value* found = own.find(key);
        if (found == nullptr && defaults != nullptr) found = defaults->find(key);
        return found;
    }
    // What there is, the farthest first: each reads over the one before.
    [[nodiscard]] std::vector<const Value*> all(std::string_view key) const {
        std::vector<const Value*> found;
        if (defaults != nullptr && defaults->has(key)) found.push_back(defaults->find(key));
        if (own.has(key)) found.push_back(own.find(key));
        return found;
    }
};

AccountReader::AccountReader(const recipe::Library& library, const Value* defaults,
                             ThrottleSettings throttle, std::optional<Proxy> proxy,
                             Context& context)
    : library_(library),
      defaults_(defaults),
      throttle_(throttle),
      proxy_(std::move(proxy)),
      context_(context) {}

AccountSettings AccountReader::read(const document::Entry& entry) {
    auto name = AccountName::parse(entry.key);
    if (!name) {
        context_.mistakes.add(entry.key_spot.place(),
                              "\"" + printable(entry.key, 80) +
                                  "\" is not an account name; allowed are " +
                                  std::string(AccountName::allowed));
        name = AccountName::parse("unnamed");
    }
    AccountSettings account(std::move(*name), entry.key_spot.place());
    const MapReader own(entry.value, "an account", keys::account, context_.mistakes);
    if (!own.usable()) return account;
    std::optional<MapReader> defaults;
    if (defaults_ != nullptr)
        defaults.emplace(*defaults_, "the defaults", keys::defaults, context_.mistakes);
    read_settings({defaults ? &*defaults : nullptr, own}, account);
    if (const Value* sinks = own.find("sinks"))
        account.sinks = read_sinks(*sinks, sink_paths_, context_);
    return account;
}

void AccountReader::check_defaults() {
    if (defaults_ == nullptr) return;
    const MapReader map(*defaults_, "the defaults", keys::defaults, context_.mistakes);
    if (!map.usable()) return;
    const Value nothing = Value::map(defaults_->spot());
    const MapReader own(nothing, "an account", keys::account, context_.mistakes);
    AccountSettings account(*AccountName::parse("defaults"), defaults_->place());
    const Layers layers{&map, own};
    for (const Value* value : layers.all("refresh"))
        read_refresh(*value, account.refresh, context_);
    for (const Value* value : layers.all("throttle")) {
        read_throttle(*value, account.throttle, &account.realm, context_);
    }
    for (const Value* value : layers.all("allow"))
        read_allow(*value, context_);
    for (const Value* value : layers.all("proxy"))
        read_proxy(*value, account.proxy, context_);
    read_tls(layers, account);
}

void AccountReader::read_settings(const Layers& layers, AccountSettings& account) {
    read_recipe(layers, account);
    read_url(layers, account);
    if (account.recipe) read_inputs(layers, account);
    if (const Value* login = layers.nearest("login")) {
        const auto when = document::read_choice(*login, context_.mistakes, keys::logins);
        if (when) account.login = static_cast<LoginWhen>(*when);
    }
    if (const Value* allow = layers.nearest("allow")) {
        if (auto list = read_allow(*allow, context_)) account.allow = std::move(*list);
    }
    for (const Value* value : layers.all("refresh"))
        read_refresh(*value, account.refresh, context_);
    account.throttle = throttle_;
    account.realm = account.base_url.origin();
    for (const Value* value : layers.all("throttle")) {
        read_throttle(*value, account.throttle, &account.realm, context_);
    }
    read_probe(layers, account);
    read_tls(layers, account);
    account.proxy = proxy_;
    for (const Value* value : layers.all("proxy"))
        read_proxy(*value, account.proxy, context_);
}

void AccountReader::read_recipe(const Layers& layers, AccountSettings& account) {
    const Value* value = layers.nearest("recipe");
    if (value == nullptr) {
        context_.mistakes.add(account.place,
                              "account " + account.name.text() + " has no \"recipe\"");
        return;
    }
    const auto name = document::read_word(*value, context_.mistakes);
    if (!name) return;
    account.recipe = library_.find(*name);
    if (account.recipe) return;
    context_.mistakes.add(value->place(), "unknown recipe " + document::show(*value) + "; " +
                                              document::suggest(*name, library_.names()));
}

void AccountReader::read_url(const Layers& layers, AccountSettings& account) {
    bool insecure = false;
    if (const Value* value = layers.nearest("insecure_http")) {
        insecure = document::read_boolean(*value, context_.mistakes).value_or(true);
    }
    const Value* value = layers.nearest("base_url");
    if (value == nullptr) {
        context_.mistakes.add(account.place,
                              "account " + account.name.text() + " has no \"base_url\"");
        return;
    }
    const auto text = document::read_text(*value, context_.mistakes);
    if (!text) return;
    auto url = parse_base_url(*text);
    if (!url) {
        context_.mistakes.add(value->place(), url.error().message());
        return;
    }
    account.base_url = std::move(*url);
    if (account.recipe) account.base_url.path = account.recipe->base_path(account.base_url.path);
    if (account.base_url.tls) return;
    if (insecure) {
        context_.warnings.add(value->place(),
                              "passwords and tokens go over the network unencrypted");
    } else {
        context_.mistakes.add(
            value->place(),
            "http is not encrypted; allowed is https, or http with insecure_http: true");
    }
}

void AccountReader::read_inputs(const Layers& layers, AccountSettings& account) {
    const Value* own = layers.own.find("inputs");
    config::read_inputs(layers.all("inputs"), own != nullptr ? own->place() : account.place,
                        account, context_);
}

void AccountReader::read_probe(const Layers& layers, AccountSettings& account) {
    for (const Value* value : layers.all("probe")) {
        const MapReader map(*value, "a probe", keys::probe, context_.mistakes);
        Milliseconds every{};
        if (map.take_required("every", every, document::read_duration, 1s, 24h * 365)) {
            account.probe_every = every;
        }
    }
    if (!account.recipe || account.recipe->probe) return;
    account.probe_every.reset();
    if (const Value* own = layers.own.find("probe")) {
        context_.mistakes.add(own->place(), "recipe " + account.recipe->name + " has no probe");
    }
}

void AccountReader::read_tls(const Layers& layers, AccountSettings& account) {
    TlsSettings& tls = account.tls;
    const auto values = layers.all("tls");
    for (const Value* value : values) {
        const MapReader map(*value, "tls", keys::tls, context_.mistakes);
        if (const Value* file = map.find("ca_file")) tls.ca_file = read_pem_path(*file, context_);
        if (const Value* file = map.find("client_certificate")) {
            tls.client_certificate = read_pem_path(*file, context_);
        }
        if (const Value* file = map.find("client_key")) {
            tls.client_key = read_pem_path(*file, context_);
            if (tls.client_key) check_secret_file(*tls.client_key, file->place(), context_);
        }
        map.take("server_name", tls.server_name, read_server_name);
        const bool broken = (map.has("client_certificate") && !tls.client_certificate) ||
                            (map.has("client_key") && !tls.client_key);
        if (broken) return;
    }
    if (tls.client_certificate.has_value() != tls.client_key.has_value()) {
        context_.mistakes.add(values.back()->place(),
                              "client_certificate and client_key need each other");
    }
}

}  // namespace tokenbroker::config
