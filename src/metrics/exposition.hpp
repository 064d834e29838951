#pragma once

#include "metrics/registry.hpp"

#include <string>
#include <vector>

namespace tokenbroker::metrics {

// What the kernel says of this process. What can't be read is negative.
struct ProcessStats {
    double cpu_seconds = -1;
    double resident_bytes = -1;
    double virtual_bytes = -1;
    double open_descriptors = -1;
    double most_descriptors = -1;
};
[[nodiscard]] ProcessStats read_process_stats();

// Prometheus text format 0.0.4 of these values.
[[nodiscard]] std::string expose(const BuildInfo& build, WallTime started,
                                 const ProcessStats& stats, const ProcessSeries& process,
                                 const std::vector<AccountHandle>& accounts);

}  // namespace tokenbroker::metrics
