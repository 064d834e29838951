#pragma once

#include "base/error.hpp"
#include "recipe/fill.hpp"
#include "recipe/recipe.hpp"

#include <string>
#include <string_view>
#include <vector>

// Requests and answers for people, without a secret in them.
namespace tokenbroker::recipe {

// The members of a JSON answer and what they are, not what they hold: {"key": text of 40, "user":
// {"id": number}}. An answer that is no JSON is told by its size. At most about 2000 characters.
// `secrets` are masked in the names.
std::string shape_of(std::string_view body, const std::vector<Secret>& secrets);

// Values to fill in a request for people: secrets are "***". What a step will take and has not yet
// is its name between underscores.
Values shown_values(const Recipe& recipe, const Values& values);

// The request as it would be sent, with secrets masked: "POST /api/v1/auth/login", its headers, an
// empty line and the body, a line each.
Result<std::string> shown_request(const Step& step, const Values& shown,
                                  std::string_view base_path);

// Why a request for a token can't be made with these inputs, whatever the secrets and the answers
// hold; or empty. Secrets that are there stand in `inputs` as any text.
std::string why_no_request(const Recipe& recipe, const Values& inputs);

}  // namespace tokenbroker::recipe
