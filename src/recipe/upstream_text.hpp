#pragma once

#include "recipe/answer.hpp"

#include <boost/json/fwd.hpp>

#include <string>

// For .cpp files of this room.
namespace tokenbroker::recipe {

// What an upstream says of an error, from the members that APIs use for it: a text, or lists of
// texts by field name ({"password": ["This field may not be blank."]}). `root` is null where the
// body is not JSON. Never more of a successful answer than such a text: the rest may be a token.
// Nothing is cut off: half a secret could not be masked any more.
std::string upstream_text(const boost::json::value* root, const Answer& answer);

}  // namespace tokenbroker::recipe
