#pragma once

#include "base/secret_source.hpp"
#include "config/context.hpp"
#include "document/value.hpp"

#include <optional>
#include <string>

namespace tokenbroker::config {

// `{ file: … }`, `{ credential: … }`, `{ env: … }`, `{ command: […] }`, or a plain string, with a
// warning. No message shows what was written, not even an unknown key: it may be a password without
// its quotes.
std::optional<SecretSource> read_secret_source(const document::Value& value, Context& context);

// A list of words, the first an absolute path: a secret's command, a sink's `then`.
std::optional<std::vector<std::string>> read_command(const document::Value& value,
                                                     document::Mistakes& mistakes);

}  // namespace tokenbroker::config
