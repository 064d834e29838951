#include "daemon/convert.hpp"

#include "config/policy.hpp"
#include "recipe/recipe.hpp"

#include <utility>

namespace tokenbroker::daemon {
namespace {

std::shared_ptr<const upstream::Endpoint> endpoint_of(const config::AccountSettings& account) {
    auto endpoint = std::make_shared<upstream::Endpoint>();
    endpoint->tls = account.base_url.tls;
    endpoint->at = upstream::HostAndPort(account.base_url.host, account.base_url.port);
    if (account.proxy)
        endpoint->proxy = upstream::HostAndPort(account.proxy->host, account.proxy->port);
    endpoint->trust.ca_file = account.tls.ca_file.value_or("");
    endpoint->trust.client_certificate = account.tls.client_certificate.value_or("");
    endpoint->trust.client_key = account.tls.client_key.value_or("");
    endpoint->trust.server_name = account.tls.server_name.value_or("");
    return endpoint;
}

std::map<std::string, std::string> identity_of(const recipe::Recipe& recipe,
                                               const recipe::Values& inputs) {
    std::map<std::string, std::string> identity;
    for (const recipe::Input& input : recipe.inputs) {
        if (!input.identity || input.secret) continue;
        const recipe::Value* value = inputs.find(input.name);
        identity[input.name] =
            value != nullptr ? std::string(value->as_text().reveal()) : std::string();
    }
    return identity;
}

broker::AccountSettings account_settings(const config::AccountSettings& account) {
    state::Binding binding{account.name, account.recipe->name, account.base_url.origin(),
                           identity_of(*account.recipe, account.inputs)};
    return {account.name,
            account.recipe,
            account.base_url.text(),
            account.base_url.path,
            endpoint_of(account),
            account.inputs,
            account.secrets,
            account.allow,
            config::core_settings(account),
            std::move(binding),
            config::login_fingerprint(account)};
}

sinks::Format sink_format(config::SinkFormat format) {
    switch (format) {
        case config::SinkFormat::raw:
            return sinks::Format::raw;
        case config::SinkFormat::json:
            return sinks::Format::json;
        case config::SinkFormat::header:
            return sinks::Format::header;
        case config::SinkFormat::env:
            return sinks::Format::env;
    }
    return sinks::Format::raw;
}

}  // namespace

broker::Settings broker_settings(const config::Settings& settings) {
    broker::Settings converted;
    converted.admins = settings.admin;
    converted.realms = settings.realms;
    for (const auto& [name, account] : settings.accounts) {
        converted.accounts.emplace(name, account_settings(account));
    }
    return converted;
}

std::vector<sinks::Settings> sink_settings(const config::AccountSettings& account) {
    std::vector<sinks::Settings> all;
    for (const config::SinkSettings& sink : account.sinks) {
        sinks::Settings settings;
        settings.path = sink.path;
        settings.format = sink_format(sink.format);
        settings.mode = sink.mode;
        if (sink.group) settings.group = sink.group->name;
        if (sink.owner) settings.owner = sink.owner->name;
        settings.then = sink.then;
        settings.timeout = sink.timeout;
        all.push_back(std::move(settings));
    }
    return all;
}

api::Limits api_limits(const config::LimitSettings& settings) {
    api::Limits limits;
    limits.connections = settings.connections;
    limits.waiting = settings.waiting;
    limits.head = settings.head;
    limits.body = settings.body;
    limits.head_timeout = settings.head_timeout;
    limits.idle = settings.idle;
    return limits;
}

host::LogFormat log_format(config::LogFormat format) {
    switch (format) {
        case config::LogFormat::automatic:
            return host::LogFormat::automatic;
        case config::LogFormat::journal:
            return host::LogFormat::journal;
        case config::LogFormat::terminal:
            return host::LogFormat::terminal;
        case config::LogFormat::json:
            return host::LogFormat::json;
    }
    return host::LogFormat::automatic;
}

}  // namespace tokenbroker::daemon
