#pragma once

#include "recipe/recipe.hpp"

#include <functional>
#include <set>
#include <string>
#include <vector>

// What a request is made of.
namespace tokenbroker::recipe {

using UseTemplate = std::function<void(const Template&)>;

// Every template of a request.
void each_template(const Request& request, const UseTemplate& use);

// Whether a step's request is made with a secret input: only then is it worth reading one.
bool names_secret_input(const Recipe& recipe, const Step& step);
bool names_secret_input(const Recipe& recipe, const std::vector<Step>& steps);

// The names of values that a request holds.
std::set<std::string> names_in(const Request& request);
// All of them are there.
bool has_all(const Request& request, const Values& values);

}  // namespace tokenbroker::recipe
