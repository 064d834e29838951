#pragma once

#include "base/place.hpp"
#include "config/environment.hpp"
#include "config/settings.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tokenbroker::config {

// Where the configuration comes from.
struct FromFile {
    std::string path;
};
struct FromText {
    std::string text;
    std::string name;  // stands for the file in places
};
using Origin = std::variant<FromFile, FromText>;

// `--config FILE`, else the text in $TOKENBROKER_CONFIG_INLINE, else the file that
// $TOKENBROKER_CONFIG names, else /etc/tokenbroker/tokenbroker.yaml. A variable that is empty
// counts as not set.
Origin choose_origin(const std::optional<std::string>& option, Environment& environment);

struct Loaded {
    std::optional<Settings> settings;  // there exactly where `mistakes` is empty
    std::vector<Mistake> mistakes;     // by place
    std::vector<Mistake> warnings;     // by place
};

// Reads and checks the configuration, what it includes, and its recipes. Secrets are not read (the
// secrets room does that), only the permissions of their files are looked at. Blocks: to be run off
// the event loop.
Loaded load(const Origin& origin, Environment& environment);

}  // namespace tokenbroker::config
