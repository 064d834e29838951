#pragma once

#include "config/context.hpp"
#include "core/allow.hpp"
#include "document/value.hpp"

#include <optional>

namespace tokenbroker::config {

// A list of `allow` (or `admin`) lines. Names are looked up: an unknown one is a mistake, one that
// the name service could not answer for is a warning and stays unresolved.
std::optional<core::AllowList> read_allow(const document::Value& value, Context& context);

// The name of a group or a user, likewise.
std::optional<core::NamedId> read_group(const document::Value& value, Context& context);
std::optional<core::NamedId> read_user(const document::Value& value, Context& context);

// root and the daemon's own user.
core::AllowList default_admins(Environment& environment);

}  // namespace tokenbroker::config
