#pragma once

#include "document/mistakes.hpp"
#include "document/value.hpp"
#include "recipe/recipe.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The pieces that parse.cpp puts together; for .cpp files of this room. Each reader adds its
// mistakes and gives what could be read.
namespace tokenbroker::recipe {

std::optional<Template> read_template(const document::Value& value, document::Mistakes& mistakes);
std::optional<Pointer> read_pointer(const document::Value& value, document::Mistakes& mistakes);
// A pointer that is a key.
std::optional<Pointer> read_pointer(const document::Entry& entry, document::Mistakes& mistakes);
// The name of a value: an input, or what a step takes.
bool check_name(const document::Entry& entry, document::Mistakes& mistakes);
// A scalar or a list of them, as texts.
std::vector<std::string> read_texts(const document::Value& value, document::Mistakes& mistakes);
// The same, or { given: true }; false: neither could be read.
bool read_texts_or_given(const document::Value& value, std::vector<std::string>& texts, bool& given,
                         document::Mistakes& mistakes);
When read_when(const document::Value& value, document::Mistakes& mistakes);

std::vector<Input> read_inputs(const document::Value& value, document::Mistakes& mistakes);
// Absent where the request can't be used at all.
std::optional<Request> read_request(const document::Value& value, document::Mistakes& mistakes);
void check_token_header_name(const document::Value& value, document::Mistakes& mistakes);
Answers read_answers(const document::Value& value, document::Mistakes& mistakes);

enum class Phase { acquire, refresh, probe, revoke, provision, provision_end };
// A step of a phase in which steps have names of their own; else `name` is given.
std::optional<Step> read_step(const document::Value& value, Phase phase, std::string_view name,
                              document::Mistakes& mistakes);
std::vector<Step> read_steps(const document::Value& value, Phase phase,
                             document::Mistakes& mistakes);

// What placeholders, conditions and lists of names refer to, over the whole recipe.
void check_references(const Recipe& recipe, const document::Value& document,
                      document::Mistakes& mistakes);

// A value of type path: why it can't be one, or empty.
std::string_view why_no_path(std::string_view text) noexcept;
// A path segment that every server takes for what it is: not empty, "." or "..".
bool is_plain_segment(std::string_view segment) noexcept;

}  // namespace tokenbroker::recipe
