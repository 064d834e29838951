#pragma once

#include "base/error.hpp"
#include "recipe/recipe.hpp"

#include <boost/json/fwd.hpp>

// For .cpp files of this room.
namespace tokenbroker::recipe {

// The one element of a list that has the members asked for; where none is asked for, the only one.
// The error lists what there is to choose from.
Result<const boost::json::value*> select_element(const Select& select,
                                                 const boost::json::value& root,
                                                 const Values& values);

}  // namespace tokenbroker::recipe
