#pragma once

#include "recipe/recipe.hpp"

#include <functional>
#include <vector>

// What a request is made of.
namespace tokenbroker::recipe {

using UseTemplate = std::function<void(const Template&)>;

// Every template of a request but its path.
void each_template(const Request& request, const UseTemplate& use);

// Whether a step's request is made with a secret input: only then is it worth reading one.
bool names_secret_input(const Recipe& recipe, const Step& step);
bool names_secret_input(const Recipe& recipe, const std::vector<Step>& steps);

}  // namespace tokenbroker::recipe
