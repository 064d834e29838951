#pragma once

#include "api/limits.hpp"
#include "broker/settings.hpp"
#include "config/settings.hpp"
#include "host/log.hpp"
#include "sinks/settings.hpp"

#include <map>
#include <vector>

// Rooms do not know the configuration: each takes its own settings as values. Here they are made.
namespace tokenbroker::daemon {

broker::Settings broker_settings(const config::Settings& settings);
std::vector<sinks::Settings> sink_settings(const config::AccountSettings& account);
api::Limits api_limits(const config::LimitSettings& settings);
host::LogFormat log_format(config::LogFormat format);

}  // namespace tokenbroker::daemon
