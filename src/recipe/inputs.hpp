#pragma once

#include "base/error.hpp"
#include "document/mistakes.hpp"
#include "document/value.hpp"
#include "recipe/recipe.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker::recipe {

// Reads the text of an input as its type. The error says what is allowed, and holds no secret.
Result<Value> read_input(const Input& input, std::string_view text);
// The same for an input that is not secret, from a configuration.
std::optional<Value> read_input(const Input& input, const document::Value& value,
                                document::Mistakes& mistakes);
// The value of a secret input, as it was read from its source.
Value secret_input(Secret text);

// `given` with the defaults of what is absent.
Values with_defaults(const std::vector<Input>& inputs, Values given);

// The names of inputs that are required, under these values, and not there. `given` has the
// defaults in it; a secret that was not read yet stands in as an empty text.
std::vector<std::string> missing_inputs(const std::vector<Input>& inputs, const Values& given);

// What makes an account this one and no other: its identity inputs as a JSON object, members by
// name. Part of the associated data of a sealed token. Holds no secret.
std::string identity_of(const Recipe& recipe, const Values& inputs);

// "1 to 24 characters: ...": what an input takes, for messages and `recipes show`.
std::string allowed_values(const Input& input);

}  // namespace tokenbroker::recipe
