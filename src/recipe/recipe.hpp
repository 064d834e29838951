#pragma once

#include "base/place.hpp"
#include "base/time.hpp"
#include "core/verdict.hpp"
#include "recipe/pointer.hpp"
#include "recipe/template.hpp"
#include "recipe/value.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// A recipe as values: how credentials become a token at one kind of upstream. Made by parse.hpp,
// which checks all that can be checked without the upstream; not changed afterwards.
namespace tokenbroker::recipe {

// One line of a `when`. All lines must hold.
struct Condition {
    std::string input;
    std::vector<std::string> values;  // the input's text is one of these; none: look at `given`
    bool given = true;

    bool operator==(const Condition&) const = default;
};
using When = std::vector<Condition>;
bool holds(const When& when, const Values& values);

enum class InputType { text, integer, boolean, duration, path, choice };
std::string_view input_type_name(InputType type) noexcept;

// What the vendor asks of a new password; checked before it is sent, and obeyed when one is made.
struct PasswordRules {
    std::size_t shortest = 1;
    std::size_t longest = 1024;
    unsigned classes = 1;             // of lower case, upper case, digits, other characters
    bool digits_only = true;          // whether a password of digits alone will do
    bool common = true;               // whether a common word will do
    std::vector<std::string> unlike;  // inputs that it may not resemble
};

struct Input {
    std::string name;
    InputType type = InputType::text;
    std::vector<std::string> choices;
    bool required = false;  // always
    When required_when;     // not empty: required where this holds
    bool secret = false;
    bool identity = false;           // a change makes it another account
    std::optional<Value> otherwise;  // default
    std::optional<Value> max;        // of an integer or a duration
    std::optional<PasswordRules> password;
    Place place;
};

struct Field {
    std::string name;
    Template value;
};

struct Basic {
    Template user;
    Template password;
};

struct Request {
    Template method;  // a method, or one placeholder of an input whose choices are methods
    Template path;    // starts with '/'; relative to the base URL
    // "true": one is added; "false" or empty: as the path is written; "never", of an input with
    // such choices: the path's own is left out.
    Template trailing_slash;
    std::vector<Field> query;
    std::vector<Field> headers;
    std::optional<JsonTemplate> json;  // at most one of json and form
    std::optional<std::vector<Field>> form;
    std::optional<Basic> basic;
};

struct Take {
    std::string name;
    Pointer at;
    std::optional<Template> otherwise;  // default
    bool may_be_absent = false;         // `default: null`: then there is no such value
    bool secret = true;
};

// Chooses one element of a list in the answer; `take` looks into that element.
struct Select {
    Pointer from;
    std::vector<std::pair<Pointer, Template>>
        where;                  // members that must be equal, where their input is given
    std::vector<Pointer> show;  // what an error lists of each element
    std::string what;           // what an element is called in an error
};

struct Step {
    std::string name;  // differs from every other step's in the recipe
    Place place;
    bool login = false;     // counts against the login budget
    bool optional = false;  // where it fails for good, what was taken so far is served
    When when;
    Request request;
    std::optional<Select> select;
    std::vector<Take> take;
};
inline bool runs(const Step& step, const Values& values) {
    return holds(step.when, values);
}

// A member that the body of an answer has, or has not.
struct Member {
    Pointer at;
    std::vector<std::string> values;  // a scalar whose text is one of these; none: look at `given`
    bool given = true;                // anything but null
};

// One line of `answers`: what an answer means where all of it fits.
struct AnswerRule {
    std::vector<std::pair<int, int>> statuses;  // ranges, both ends included; none: any
    std::vector<std::string> steps;             // none: any
    std::vector<Member> json;
    core::Verdict means;
    std::string hint;  // what a human should do about it; may be empty
};
using Answers = std::vector<AnswerRule>;

struct Expires {
    enum class Kind { after, at, in, jwt, never } kind = Kind::never;
    Template value;
};

struct TokenForm {
    Template value;
    std::string header_name;
    Template header_value;
    Expires expires;
};

struct Recipe {
    std::string name;
    std::string title;
    std::vector<std::string> strip;  // endings cut from base_url, longest first
    std::vector<Input> inputs;
    std::vector<Step> acquire;
    TokenForm token;
    std::optional<Step> probe;
    std::vector<Step> revoke;
    std::vector<Step> refresh;
    std::vector<std::string> keep;  // values sealed with the token
    std::vector<Input> provision_inputs;
    std::vector<Step> provision;
    std::vector<Step> provision_end;  // run last, whatever happened: log the admin out
    Answers answers;

    std::string source;  // the file's text, for `recipes show`
    bool built_in = false;

    // `path` of a base URL without a known ending and without a trailing '/': "/api/v1/" becomes
    // "".
    [[nodiscard]] std::string base_path(std::string_view path) const;
    [[nodiscard]] const Input* find_input(std::string_view wanted) const noexcept;
    // A relative lifetime counts from here on: expiry of kind after or in.
    [[nodiscard]] bool relative_expiry() const noexcept {
        return token.expires.kind == Expires::Kind::after ||
               token.expires.kind == Expires::Kind::in;
    }
};
using RecipeHandle = std::shared_ptr<const Recipe>;

}  // namespace tokenbroker::recipe
