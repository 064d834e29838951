#include "recipe_helpers.hpp"

#include <gmock/gmock.h>

namespace tokenbroker::recipe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view login =
    "  - step: login\n    login: true\n    request: { method: POST, path: /login }\n    take: { "
    "token: /token }\n";

// A recipe with one login whose request has these members in one line.
std::string with_request(std::string_view members, std::string_view inputs = "") {
    return recipe_text(inputs, "  - step: login\n    login: true\n    request: { " +
                                   std::string(members) + " }\n    take: { token: /token }\n");
}

void expect_mistake(const std::string& recipe, std::string_view text) {
    EXPECT_THAT(mistakes_in(recipe), ElementsAre(HasSubstr(text))) << recipe;
}

TEST(Mistakes, have_a_place_a_cause_and_what_is_allowed) {
    EXPECT_THAT(
        mistakes_in("recipe: sample\ntitle: Sample\naquire: []\n"
                    "acquire:\n  - step: login\n    login: true\n    request:\n      method: "
                    "POTS\n      path: login\n      jsn: {}\n"
                    "    take: { token: token }\n"
                    "token: { value: \"${token}\", header: { name: A, value: \"${token}\" }, "
                    "expires: soon }\n"),
        ElementsAre(
            "sample.yaml:3:1: unknown key \"aquire\" in a recipe; did you mean \"acquire\"? "
            "allowed are: recipe, "
            "title, base, inputs, acquire, token, probe, revoke, refresh, keep, provision_inputs, "
            "provision, "
            "provision_end, answers",
            testing::StartsWith("sample.yaml:8:15: "), "sample.yaml:9:13: a path starts with '/'",
            testing::StartsWith(
                "sample.yaml:10:7: unknown key \"jsn\" in a request; did you mean \"json\"?"),
            "sample.yaml:11:20: a JSON pointer (RFC 6901) is empty or starts with '/': \"/key\"",
            testing::StartsWith("sample.yaml:12:")));
}

TEST(Mistakes, in_placeholders) {
    const std::string_view inputs = "  username: { required: true }\n";
    expect_mistake(
        with_request("method: POST, path: /a, json: { a: \"${user_name}\", b: \"${username}\" }",
                     inputs),
        "unknown placeholder ${user_name}; did you mean \"username\"?");
    expect_mistake(with_request("method: POST, path: /a, json: { a: \"${token}\" }"),
                   "${token} is used before a step has taken it");
    expect_mistake(with_request("method: POST, path: /a, json: { a: \"${\" }"),
                   "a \"${\" without its \"}\"");
    expect_mistake(with_request("method: POST, path: /a, json: { a: \"${A-b}\" }"),
                   "a placeholder holds the name of a value");
    expect_mistake(with_request("method: POST, path: /a", inputs),
                   "sample.yaml:4:3: the input \"username\" is not used");
}

TEST(Mistakes, in_the_order_of_steps) {
    const std::string first =
        "  - step: first\n    request: { method: GET, path: /a, query: { a: \"${later}\" } }\n";
    const std::string second =
        "  - step: second\n    request: { method: GET, path: /b }\n    take: { later: /b }\n";
    expect_mistake(recipe_text("", std::string(login) + first + second),
                   "${later} is used before a step has taken it");
    EXPECT_THAT(mistakes_in(recipe_text("", std::string(login) + second + first)), ElementsAre());
}

TEST(Mistakes, in_a_request) {
    expect_mistake(with_request("method: POST, path: \"https://evil.example/login\""),
                   "a recipe names paths, never hosts");
    expect_mistake(with_request("method: POST, path: //evil.example/login"),
                   "a recipe names paths, never hosts");
    expect_mistake(with_request("method: POST, path: login"), "a path starts with '/'");
    expect_mistake(with_request("method: POST, path: /a/../b"),
                   "a path has no \".\", \"..\" or empty segment");
    expect_mistake(with_request("method: POST, path: /a//b"),
                   "a path has no \".\", \"..\" or empty segment");
    expect_mistake(with_request("method: POST, path: /a/%2e%2E/b"),
                   "a path holds no encoded '.', '/'");
    expect_mistake(with_request("method: POST, path: /a%2fb"), "a path holds no encoded '.', '/'");
    expect_mistake(with_request("method: POST, path: \"/a?b=c\""),
                   "what belongs after a '?' goes into `query`");
    expect_mistake(with_request("method: POST, path: \"/a%zz\""),
                   "'%' stands before two hexadecimal digits");
    expect_mistake(with_request("method: POST, path: /a, json: {}, form: {}"),
                   "a request has one of `json` and `form`");
    expect_mistake(with_request("method: GET, path: /a, json: {}"), "a GET request has no body");
    expect_mistake(with_request("method: GET, path: /a, form: { a: b }"),
                   "a GET request has no body");
    expect_mistake(with_request("method: get, path: /a"), "GET");
    expect_mistake(with_request("path: /a"), "a request has no \"method\"");
    expect_mistake(with_request("method: GET"), "a request has no \"path\"");
    expect_mistake(with_request("method: GET, path: /a, basic: { user: a }"),
                   "`basic` has no \"password\"");
    expect_mistake(with_request("method: GET, path: /a, basic: { user: a, password: b }, headers: "
                                "{ authorization: c }"),
                   "a request has one of `basic` and a header Authorization");
    expect_mistake(with_request("method: GET, path: /a, trailing_slash: sometimes"),
                   "true or false");
}

TEST(Mistakes, in_headers) {
    for (const char* name :
         {"Host", "host", "Content-Length", "Transfer-Encoding", "Connection", "Cookie", "TE",
          "Upgrade", "Expect", "Proxy-Authorization", "User-Agent", "X-Request-Id"}) {
        expect_mistake(
            with_request("method: GET, path: /a, headers: { " + std::string(name) + ": x }"),
            "can't set the header");
    }
    expect_mistake(with_request("method: GET, path: /a, headers: { \"X A\": x }"),
                   "is not a header name");
    expect_mistake(with_request("method: GET, path: /a, headers: { \"X:\": x }"),
                   "is not a header name");
    expect_mistake(with_request("method: GET, path: /a, headers: { X-A: \"a\\r\\nX-B: b\" }"),
                   "no line break or control character");
    EXPECT_THAT(mistakes_in(with_request("method: GET, path: /a, headers: { X-A: a, x-a: b }")),
                ElementsAre(HasSubstr("is set twice"), HasSubstr("is set twice")));
}

TEST(Mistakes, of_placeholders_in_a_path) {
    expect_mistake(with_request("method: GET, path: \"/a/${key}\"",
                                "  key: { required: true, secret: true }\n"),
                   "${key} is secret");
    expect_mistake(with_request("method: GET, path: \"/a/${id}\"", "  id: {}\n"),
                   "${id} may be absent, and the path needs it");
    EXPECT_THAT(
        mistakes_in(with_request("method: GET, path: \"/a/${id}\"", "  id: { default: x }\n")),
        ElementsAre());
    const std::string taken =
        "  - step: more\n    request: { method: GET, path: \"/a/${token}\" }\n";
    expect_mistake(recipe_text("", std::string(login) + taken),
                   "what a step takes is secret unless it says `secret: false`");
}

TEST(Mistakes, spare_a_path_whose_step_runs_only_with_the_value) {
    const std::string_view step =
        "  - step: more\n    when: { mode: by_id }\n    request: { method: GET, path: \"/a/${id}\" "
        "}\n";
    const std::string_view inputs =
        "  mode: { choices: [ by_id, plain ], default: plain }\n  id: { required: { mode: by_id } "
        "}\n";
    EXPECT_THAT(mistakes_in(recipe_text(inputs, std::string(login) + std::string(step))),
                ElementsAre());
    const std::string_view given =
        "  - step: more\n    when: { id: { given: true } }\n    request: { method: GET, path: "
        "\"/a/${id}\" }\n";
    EXPECT_THAT(mistakes_in(recipe_text("  id: {}\n", std::string(login) + std::string(given))),
                ElementsAre());
}

TEST(Mistakes, of_a_method_that_is_an_input) {
    EXPECT_THAT(mistakes_in(with_request("method: \"${m}\", path: /a",
                                         "  m: { choices: [ GET, POST ], default: GET }\n")),
                ElementsAre());
    expect_mistake(with_request("method: \"${m}\", path: /a", "  m: { default: GET }\n"),
                   "an input whose choices are");
    expect_mistake(with_request("method: \"${m}\", path: /a",
                                "  m: { choices: [ GET, BREW ], default: GET }\n"),
                   "an input whose choices are");
    expect_mistake(with_request("method: \"${m}\", path: /a, json: {}",
                                "  m: { choices: [ GET, POST ], default: GET }\n"),
                   "the method may be GET, and a GET request has no body");
    expect_mistake(
        with_request("method: GET, path: /a, trailing_slash: \"${s}\"", "  s: { default: x }\n"),
        "an input of type boolean");
    EXPECT_THAT(
        mistakes_in(with_request("method: GET, path: /a, trailing_slash: \"${s}\"",
                                 "  s: { choices: [ \"true\", never ], default: never }\n")),
        ElementsAre());
    expect_mistake(with_request("method: GET, path: /a, trailing_slash: \"${s}\"",
                                "  s: { choices: [ never, perhaps ], default: never }\n"),
                   "the choices true, false and never");
}

TEST(Mistakes, in_inputs) {
    const auto one = [](std::string_view input) {
        return with_request("method: GET, path: /a, query: { a: \"${a}\" }",
                            "  a: " + std::string(input) + "\n");
    };
    expect_mistake(one("{ type: numbr }"), "numbr");
    expect_mistake(one("{ type: text, choices: [ a ] }"),
                   "an input has one of `type` and `choices`");
    expect_mistake(one("{ choices: [] }"), "an empty list");
    expect_mistake(one("{ type: duration, default: 163h, max: 162h }"),
                   "a duration (digits and ms, s, m, h or d) of at most 162h");
    expect_mistake(one("{ type: integer, default: x }"), "a whole number");
    expect_mistake(one("{ type: boolean, default: yes }"), "true or false");
    expect_mistake(one("{ type: path, default: ../x }"), "a path without");
    expect_mistake(one("{ choices: [ basic, post ], default: pots }"),
                   "one of basic, post; did you mean \"post\"?");
    expect_mistake(one("{ max: 5 }"), "only an integer or a duration has a `max`");
    expect_mistake(one("{ secret: true, default: x }"), "a secret has no default");
    expect_mistake(one("{ required: true, default: x }"), "a required input has no default");
    expect_mistake(one("{ secret: true, identity: true }"), "both `secret` and `identity`");
    expect_mistake(one("{ secret: true, type: integer }"), "a secret is text");
    expect_mistake(one("{ password: {} }"), "a password is `secret: true`");
    expect_mistake(one("{ secret: true, password: { length: 12 } }"),
                   "the shortest and the longest length");
    expect_mistake(one("{ secret: true, password: { length: [ 12, 8 ] } }"), "from 12 to 1024");
    expect_mistake(one("{ secret: true, password: { unlike: [ user ] } }"),
                   "`unlike` names inputs, and \"user\" is none");
    expect_mistake(with_request("method: GET, path: /a", "  Bad: {}\n"),
                   "can't be the name of a value");
    expect_mistake(recipe_text("  token: {}\n", login), "an input can't be called \"token\"");
}

TEST(Mistakes, in_conditions) {
    const auto when = [](std::string_view condition) {
        return recipe_text(
            "  mode: { choices: [ a, b ], default: a }\n  on: { type: boolean, default: true }\n  "
            "life: { type: duration, default: 1h }\n"
            "  key: { secret: true }\n",
            std::string(login) + "  - step: more\n    when: { " + std::string(condition) +
                " }\n    request: { method: GET, path: /a, query: { a: "
                "\"${mode}${on}${life}${key}\" } }\n");
    };
    EXPECT_THAT(mistakes_in(when(
                    "mode: [ a, b ], on: false, key: { given: true }, life: { given: false }")),
                ElementsAre());
    expect_mistake(when("mod: a"), "a condition looks at an input, and \"mod\" is none");
    expect_mistake(when("token: a"), "a condition looks at an input, and \"token\" is none");
    expect_mistake(when("mode: c"), "\"mode\" is never \"c\"");
    expect_mistake(when("on: 1"), "\"on\" is true or false, never \"1\"");
    expect_mistake(when("life: 1h"), "can't look at the value of \"life\"");
    expect_mistake(when("key: x"), "can't look at the value of \"key\"");
    expect_mistake(when("mode: { given: true, there: true }"),
                   "unknown key \"there\" in a condition");
    expect_mistake(when("mode: { given: maybe }"), "true or false");
}

TEST(Mistakes, in_steps) {
    const std::string no_login =
        "  - step: login\n    request: { method: GET, path: /a }\n    take: { token: /t }\n";
    expect_mistake(recipe_text("", no_login),
                   "one step of `acquire` is the login: it says `login: true`");
    expect_mistake(recipe_text("", std::string(login) +
                                       "  - step: login\n    request: { method: GET, path: /b }\n"),
                   "a second step \"login\"; the first is at sample.yaml:4:5");
    expect_mistake(
        recipe_text(
            "", std::string(login) + "  - step: Log In\n    request: { method: GET, path: /b }\n"),
        "a step's name has 1 to 63 of a-z, 0-9, '_' and '-'");
    expect_mistake(recipe_text("", std::string(login) + "  - request: { method: GET, path: /b }\n"),
                   "a step has no \"step\"");
    expect_mistake(recipe_text("", std::string(login) + "  - step: more\n"),
                   "a step has no \"request\"");
    expect_mistake(recipe_text("",
                               "  - step: login\n    login: true\n    optional: true\n    request: "
                               "{ method: GET, path: /a }\n    take: { token: /t }\n"),
                   "a login is not optional");
    expect_mistake(
        recipe_text("", login,
                    "revoke:\n  - login: true\n    request: { method: POST, path: /b }\n"),
        "only a step of `acquire` or `provision` is a login");
    expect_mistake(
        recipe_text("", login, "probe:\n  request: { method: GET, path: /b }\n  take: { a: /a }\n"),
        "nothing is taken from this answer");
    expect_mistake(recipe_text("", login, "revoke: []\n"), "an empty list of steps");
    expect_mistake(recipe_text("",
                               "  - step: login\n    login: true\n    request: { method: GET, "
                               "path: /a }\n    take: { token: /a~b }\n"),
                   "'~' is written \"~0\"");
    expect_mistake(recipe_text("",
                               "  - step: login\n    login: true\n    request: { method: GET, "
                               "path: /a }\n    take: { token: /a, b: { default: x } }\n"),
                   "what a step takes has no \"at\"");
}

TEST(Mistakes, in_what_comes_after_the_login) {
    expect_mistake(
        recipe_text(
            "",
            "  - step: login\n    login: true\n    request: { method: GET, path: /a }\n    take: { "
            "token: /t, other: /o }\n",
            "probe: { request: { method: GET, path: /b, headers: { X-A: \"${other}\" } } }\n"),
        "unknown placeholder ${other} (after a login there are the inputs, what `keep` names, and "
        "token)");
    expect_mistake(recipe_text("", login, "keep: [ refresh_token ]\n"),
                   "`keep` names what a step of `acquire` takes, and \"refresh_token\" is none");
    expect_mistake(recipe_text("", login,
                               "refresh:\n  - step: refresh\n    request: { method: POST, path: "
                               "/r, headers: { X-A: \"${token}\" } }\n"),
                   "no step of `refresh` takes \"token\"");
}

TEST(Mistakes, in_the_token) {
    const auto token = [](std::string_view text) {
        return "recipe: sample\ntitle: Sample\ninputs: { life: { type: duration, default: 1h }, "
               "name: { default: x } }\nacquire:\n"
               "  - step: login\n    login: true\n    request: { method: POST, path: /a, json: { "
               "a: \"${life}\", b: \"${name}\" } }\n    take: { token: /t, end: /e }\n"
               "token: { " +
               std::string(text) + " }\n";
    };
    const std::string header = "value: \"${token}\", header: { name: A, value: \"${token}\" }, ";
    expect_mistake(token("value: \"${token}\", expires: never"), "`token` has no \"header\"");
    expect_mistake(token("value: \"${token}\", header: { name: A, value: \"${token}\" }"),
                   "`token` has no \"expires\"");
    expect_mistake(token("value: abc, header: { name: A, value: \"${token}\" }, expires: never"),
                   "the token is something that a step takes");
    expect_mistake(
        token("value: \"${end}\", header: { name: A, value: \"${token}\" }, expires: never"),
        "name that otherwise");
    expect_mistake(
        token(
            "value: \"${token}\", header: { name: \"A B\", value: \"${token}\" }, expires: never"),
        "is not a header name");
    expect_mistake(token(header + "expires: soon"),
                   "expected `never`, or a map of one of after, at, in and jwt");
    expect_mistake(token(header + "expires: { in: \"${end}\", at: \"${end}\" }"),
                   "expected one of after, at, in and jwt");
    expect_mistake(token(header + "expires: {}"), "expected one of after, at, in and jwt");
    expect_mistake(token(header + "expires: { in: \"1${end}\" }"),
                   "expected one placeholder and nothing else");
    expect_mistake(token(header + "expires: { at: 5m }"),
                   "expected one placeholder and nothing else");
    expect_mistake(token(header + "expires: { after: soon }"), "a duration");
    expect_mistake(token(header + "expires: { in: \"${life}\" }"),
                   "an input can't say when a token expires, but `after`");
    expect_mistake(token(header + "expires: { after: \"${name}\" }"),
                   "`after` is a duration, or a number of seconds");
    EXPECT_THAT(mistakes_in(token(header + "expires: { after: 30m }")), ElementsAre());
}

TEST(Mistakes, in_the_default_of_what_says_when_the_token_expires) {
    const auto with_default = [](const std::string& kind, const std::string& text) {
        return "recipe: sample\ntitle: Sample\nacquire:\n  - step: login\n    login: true\n    "
               "request: { method: POST, path: /a }\n    take: { token: /a, end: { at: /e, "
               "default: "
               "\"" +
               text +
               "\" } }\ntoken: { value: \"${token}\", header: { name: A, value: "
               "\"${token}\" }, expires: { " +
               kind + ": \"${end}\" } }\n";
    };
    for (const char* good : {"5m", "300", "90m"})
        EXPECT_THAT(mistakes_in(with_default("in", good)), ElementsAre()) << good;
    for (const char* good : {"15m", "1904659888", "1904659888.5", "2030-05-10T16:11:28Z"})
        EXPECT_THAT(mistakes_in(with_default("at", good)), ElementsAre()) << good;
    for (const char* bad : {"soon", "0", "-5", "5 minutes", "2030-05-10T16:11:28Z"})
        expect_mistake(with_default("in", bad), "its default is a duration (15m) or a number");
    for (const char* bad : {"soon", "5 minutes", "tomorrow"})
        expect_mistake(with_default("at", bad), "or a time (RFC 3339)");
}

TEST(Mistakes, in_answers) {
    const auto rule = [](std::string_view text) {
        return recipe_text("", login, "answers: [ { " + std::string(text) + " } ]\n");
    };
    expect_mistake(rule("status: 40, means: ok"),
                   "a status, a range or a list of them: 401, 500-599, [400, 422]");
    expect_mistake(rule("status: 199, means: ok"), "200 to 599");
    expect_mistake(rule("status: 500-400, means: ok"), "200 to 599");
    expect_mistake(rule("status: 4xx, means: ok"), "200 to 599");
    expect_mistake(rule("status: 400, means: refusd"), "refusd");
    expect_mistake(rule("status: 400, means: misconfigured"), "misconfigured");
    expect_mistake(rule("status: 400"), "an answer has no \"means\"");
    expect_mistake(rule("means: ok"), "an answer is told by its `status`, its `json` or both");
    expect_mistake(rule("status: 400, step: logn, means: ok"),
                   "no step is called \"logn\"; did you mean \"login\"?");
    expect_mistake(rule("json: { code: 1 }, means: ok"), "a JSON pointer (RFC 6901)");
    expect_mistake(rule("json: { /a: { given: true, there: true } }, means: ok"),
                   "unknown key \"there\" in a condition");
    expect_mistake(rule("json: { /a: { given: maybe } }, means: ok"), "true or false");
    EXPECT_THAT(mistakes_in(rule("json: { /a: { given: false } }, means: ok")), ElementsAre());
}

TEST(Mistakes, in_a_file_as_a_whole) {
    EXPECT_THAT(mistakes_in(""), testing::SizeIs(testing::Ge(1U)));
    EXPECT_THAT(mistakes_in("[]"), testing::SizeIs(testing::Ge(1U)));
    EXPECT_THAT(mistakes_in("recipe: &a x\ntitle: *a\n"), testing::SizeIs(testing::Ge(1U)));
    EXPECT_THAT(mistakes_in(std::string(largest_recipe + 1, ' ')),
                ElementsAre("sample.yaml: a recipe has at most 256 KiB"));
    std::string text = recipe_text("", login);
    text.replace(text.find("sample"), 6, "Sample");
    expect_mistake(text, "a recipe's name has 1 to 63 of a-z, 0-9 and '-'");
    expect_mistake(recipe_text("", login, "base: { strip: [ api ] }\n"),
                   "is not the end of a path");
    expect_mistake(recipe_text("", login, "base: { strip: [ /api/ ] }\n"),
                   "is not the end of a path");
}

TEST(Mistakes, in_provisioning) {
    const std::string step =
        "provision:\n  - step: create\n    request: { method: POST, path: /u, json: { a: "
        "\"${name}\", b: \"${nam}\" } }\n";
    expect_mistake(
        recipe_text("", login, "provision_inputs: { name: { required: true } }\n" + step),
        "unknown placeholder ${nam}; did you mean \"name\"?");
    expect_mistake(recipe_text("", login, "provision_inputs: { name: { required: true } }\n"),
                   "there is no `provision`");
    expect_mistake(
        recipe_text("", login,
                    "provision_inputs: { name: {}, more: {} }\nprovision:\n  - step: create\n    "
                    "request: { method: POST, path: /u, json: { a: \"${name}\" } }\n"),
        "the input \"more\" is not used");
    expect_mistake(recipe_text("",
                               "  - step: login\n    login: true\n    request: { method: GET, "
                               "path: /a }\n    take: { token: /t }\n"
                               "    select: { what: x, from: /r, show: [ /a ] }\n"),
                   "only a step of `provision` has `select`");
}

}  // namespace
}  // namespace tokenbroker::recipe
