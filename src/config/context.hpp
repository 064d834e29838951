#pragma once

#include "config/environment.hpp"
#include "document/mistakes.hpp"

// What the parts of the loader share.
namespace tokenbroker::config {

struct Context {
    Environment& environment;
    document::Mistakes& mistakes;
    document::Mistakes& warnings;
};

}  // namespace tokenbroker::config
