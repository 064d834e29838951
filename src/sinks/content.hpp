#pragma once

#include "base/account_name.hpp"
#include "base/secret.hpp"
#include "broker/published.hpp"
#include "sinks/settings.hpp"

namespace tokenbroker::sinks {

// What stands in a sink's file.
Secret content_of(const broker::Published& token, const AccountName& account, Format format);

}  // namespace tokenbroker::sinks
