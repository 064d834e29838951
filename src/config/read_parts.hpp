#pragma once

#include "config/context.hpp"
#include "config/settings.hpp"
#include "document/value.hpp"

#include <optional>
#include <string>
#include <vector>

// The parts of the configuration that are not accounts. Each starts from what `into` holds (the
// defaults) and replaces what is written.
namespace tokenbroker::config {

void read_socket(const document::Value& value, SocketSettings& into, Context& context);
void read_metrics(const document::Value& value, std::optional<MetricsSettings>& into,
                  Context& context);
// Null where there is no `state:`.
void read_state(const document::Value* value, const Place& root, StateSettings& into,
                Context& context);
void read_log(const document::Value& value, LogSettings& into, Context& context);
void read_limits(const document::Value& value, LimitSettings& into, Context& context);
// `none` takes away what was there.
void read_proxy(const document::Value& value, std::optional<Proxy>& into, Context& context);
void read_realms(const document::Value& value, std::map<std::string, core::Budget>& into,
                 Context& context);
std::optional<std::string> read_realm_name(const document::Value& value,
                                           document::Mistakes& mistakes);
// `realm`: null where none may be named (the `throttle:` for every account).
void read_throttle(const document::Value& value, ThrottleSettings& into, std::string* realm,
                   Context& context);
// Absolute paths of folders.
std::vector<const document::Value*> read_folders(const document::Value& value, Context& context);

}  // namespace tokenbroker::config
