#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"
#include "recipe/recipe.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker::recipe {

struct FilledHeader {
    std::string name;
    Secret value;
};

// A step's request, ready to be sent: every value encoded for its place, so that none breaks out of
// it.
struct FilledRequest {
    std::string method;
    std::string path;                   // encoded, the base path included; holds no secret
    Secret target;                      // the path and the query
    std::vector<FilledHeader> headers;  // Content-Type and Authorization of `basic` among them
    std::optional<Secret> body;
};

// Fills in a request. `base_path` comes from Recipe::base_path. What holds the placeholder of a
// value that is not there (an optional input) is left out: a member, a field, a header, a query
// parameter. Errors (Errc::misconfigured) name the step, the place and the value's name: a value
// that would leave its place (control characters in a header, '/', '.' or '..' in a path segment),
// one that is missing in the path.
Result<FilledRequest> fill(const Step& step, const Values& values, std::string_view base_path = {});

}  // namespace tokenbroker::recipe
