#pragma once

#include "base/place.hpp"
#include "config/context.hpp"

#include <string>

// Who else may touch what we rely on.
namespace tokenbroker::config {

// A configuration or recipe that others may write: a mistake.
void check_not_writable(const std::string& path, const Environment::Status& status,
                        const Place& place, Context& context);
// A folder that others may write, and so may put files into: a mistake. `sticky_is_fine`: where it
// is enough that files of ours can't be replaced.
void check_folder(const std::string& path, const Place& place, bool sticky_is_fine,
                  Context& context);
// The state directory, or its key: that others may read or write it is a mistake. What is not there
// is fine.
void check_private(const std::string& path, const std::string& what, const Place& place,
                   Context& context);
// A secret's file that others may read: a warning. What is not there is not ours to report.
void check_secret_file(const std::string& path, const Place& place, Context& context);

}  // namespace tokenbroker::config
