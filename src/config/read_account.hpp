#pragma once

#include "config/context.hpp"
#include "config/settings.hpp"
#include "document/value.hpp"
#include "recipe/library.hpp"

#include <map>
#include <optional>
#include <string>

namespace tokenbroker::config {

// Reads accounts over what they share. Refers to its arguments.
class AccountReader {
public:
    // `defaults`: the map under `defaults:`, or null. `throttle` and `proxy`: what stands at the
    // top.
    AccountReader(const recipe::Library& library, const document::Value* defaults,
                  ThrottleSettings throttle, std::optional<Proxy> proxy, Context& context);

    // An entry of `accounts:`. What it gives is right as far as no mistake was added.
    AccountSettings read(const document::Entry& entry);
    // Finds the mistakes in `defaults:` where there is no account that would show them.
    void check_defaults();

private:
    struct Layers;

    void read_settings(const Layers& layers, AccountSettings& account);
    void read_recipe(const Layers& layers, AccountSettings& account);
    void read_url(const Layers& layers, AccountSettings& account);
    void read_inputs(const Layers& layers, AccountSettings& account);
    void read_probe(const Layers& layers, AccountSettings& account);
    void read_tls(const Layers& layers, AccountSettings& account);

    const recipe::Library& library_;
    const document::Value* defaults_;
    ThrottleSettings throttle_;
    std::optional<Proxy> proxy_;
    Context& context_;
    std::map<std::string, Place> sink_paths_;
};

}  // namespace tokenbroker::config
