#include "recipe_helpers.hpp"

namespace tokenbroker::recipe {
namespace {

// A step whose request has these lines, with inputs of every type.
Recipe recipe_with(std::string_view request) {
    constexpr std::string_view inputs =
        "  text: {}\n  number: { type: integer }\n  truth: { type: boolean }\n  life: { type: "
        "duration }\n"
        "  where: { type: path, default: /a/b }\n  secret: { secret: true }\n  segment: { default: "
        "x }\n  slash: { choices: [ \"true\", \"false\", never ], default: \"false\" }\n";
    // Everything is used, so that no test has to.
    constexpr std::string_view unused =
        "  - step: unused\n    request: { method: GET, path: \"/${where}/${segment}\", query: { a: "
        "\"${text}${number}${truth}${life}${secret}${slash}\" } }\n";
    return parse_good(recipe_text(
        inputs, "  - step: login\n    login: true\n    request:\n" + std::string(request) +
                    "    take: { token: /token }\n" + std::string(unused)));
}

FilledRequest filled(std::string_view request, const Values& values,
                     std::string_view base_path = "") {
    const Recipe recipe = recipe_with(request);
    auto made = fill(recipe.acquire.front(), values, base_path);
    if (!made) throw std::runtime_error(made.error().message());
    return std::move(*made);
}

std::string misfit(std::string_view request, const Values& values) {
    const Recipe recipe = recipe_with(request);
    const auto made = fill(recipe.acquire.front(), values);
    if (made) return "(none)";
    EXPECT_EQ(made.error().code(), Errc::misconfigured);
    return made.error().message();
}

Values one(std::string_view name, Value value) {
    Values values;
    values.set(std::string(name), std::move(value));
    return values;
}

constexpr std::string_view post = "      method: POST\n      path: /login\n";

TEST(Fill, puts_values_into_json_with_their_types) {
    Values values;
    values.set("text", Value::text("5"));
    values.set("number", Value(Scalar(std::int64_t{-7})));
    values.set("truth", Value(Scalar(true)));
    values.set("life", Value(Scalar(Milliseconds(90'500))));
    const auto request = filled(
        std::string(post) +
            "      json: { a: \"${text}\", b: \"${number}\", c: \"${truth}\", d: \"${life}\", "
            "e: \"${number}${truth}${life}\", f: true, g: 1.5e3, h: \"1\", i: null, j: [ "
            "\"${number}\", {} ] }\n",
        values);
    EXPECT_EQ(
        body_of(request),
        R"({"a":"5","b":-7,"c":true,"d":90,"e":"-7true90","f":true,"g":1.5e3,"h":"1","i":null,"j":[-7,{}]})");
    EXPECT_EQ(header_of(request, "Content-Type"), "application/json");
    EXPECT_EQ(header_of(request, "Accept"), "application/json");
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target.reveal(), "/login");
}

TEST(Fill, makes_a_duration_at_least_one_second) {
    const auto json = std::string(post) + "      json: { a: \"${life}\" }\n";
    EXPECT_EQ(body_of(filled(json, one("life", Value(Scalar(Milliseconds(1)))))), R"({"a":1})");
    EXPECT_EQ(body_of(filled(json, one("life", Value(Scalar(Milliseconds(1999)))))), R"({"a":1})");
}

TEST(Fill, keeps_numbers_that_a_step_took_as_they_were) {
    const auto json = std::string(post) + "      json: { a: \"${text}\" }\n";
    EXPECT_EQ(body_of(filled(
                  json, one("text", Value(Scalar(std::uint64_t{18'446'744'073'709'551'615U}))))),
              R"({"a":18446744073709551615})");
    EXPECT_EQ(body_of(filled(json, one("text", Value(Scalar(1904659888.282587))))),
              R"({"a":1904659888.282587})");
}

TEST(Fill, lets_no_value_out_of_its_json_string) {
    const auto json = std::string(post) + "      json: { a: \"x${secret}y\" }\n";
    EXPECT_EQ(body_of(filled(json, one("secret", secret("\", \"admin\": true, \"b\": \"\\")))),
              R"({"a":"x\", \"admin\": true, \"b\": \"\\y"})");
}

TEST(Fill, leaves_out_what_needs_an_absent_value) {
    const auto json = filled(
        std::string(post) +
            "      json: { a: 1, b: \"${text}\", c: \"x ${text}\", d: [ \"${text}\", 2 ] }\n",
        Values());
    EXPECT_EQ(body_of(json), R"({"a":1,"d":[2]})");
    const auto form = filled(std::string(post) +
                                 "      form: { a: \"1\", b: \"${text}\", c: \"3\" }\n"
                                 "      query: { q: \"${text}\", r: s }\n"
                                 "      headers: { X-A: \"${text}\", X-B: b }\n",
                             Values());
    EXPECT_EQ(body_of(form), "a=1&c=3");
    EXPECT_EQ(form.target.reveal(), "/login?r=s");
    EXPECT_EQ(header_of(form, "X-A"), "(none)");
    EXPECT_EQ(header_of(form, "X-B"), "b");
}

TEST(Fill, writes_an_empty_value_where_it_is_given) {
    EXPECT_EQ(body_of(filled(std::string(post) + "      form: { a: \"${text}\" }\n",
                             one("text", Value::text("")))),
              "a=");
}

TEST(Fill, encodes_forms_and_queries) {
    const auto request = filled(
        std::string(post) +
            "      form: { \"n&m\": \"${secret}\" }\n      query: { \"q r\": \"${text}\" }\n",
        [] {
            Values values = one("secret", secret("a b&c=d+e%\r\n\xff"));
            values.set("text", Value::text("a b&c=d#?/"));
            return values;
        }());
    EXPECT_EQ(body_of(request), "n%26m=a+b%26c%3Dd%2Be%25%0D%0A%FF");
    EXPECT_EQ(header_of(request, "Content-Type"), "application/x-www-form-urlencoded");
    EXPECT_EQ(request.target.reveal(), "/login?q%20r=a%20b%26c%3Dd%23%3F%2F");
    EXPECT_EQ(request.path, "/login");
}

TEST(Fill, refuses_bytes_that_are_no_utf8_in_json) {
    EXPECT_EQ(
        misfit(std::string(post) + "      json: { a: { b: \"${secret}\" } }\n",
               one("secret", secret("\xff"))),
        "the request of step \"login\" can't be made: the JSON member \"/a/b\" would not be UTF-8");
}

TEST(Fill, refuses_control_characters_in_a_header) {
    const auto header = std::string(post) + "      headers: { X-A: \"Bearer ${secret}\" }\n";
    const std::vector<std::string_view> bad = {"a\r\nX-B: c", "a\nb",  "a\rb",
                                               "a\tb",        "a\x7f", std::string_view("a\0b", 3)};
    for (const std::string_view text : bad) {
        EXPECT_EQ(misfit(header, one("secret", secret(text))),
                  "the request of step \"login\" can't be made: the header X-A can't hold a line "
                  "break or another control character");
    }
    EXPECT_EQ(header_of(filled(header, one("secret", secret("a: b"))), "X-A"), "Bearer a: b");
}

TEST(Fill, keeps_a_value_in_its_path_segment) {
    const std::string_view path = "      method: GET\n      path: /users/${segment}/token\n";
    EXPECT_EQ(filled(path, one("segment", Value::text("a b?c#d%2e;&\xc3\xa4"))).target.reveal(),
              "/users/a%20b%3Fc%23d%252e%3B%26%C3%A4/token");
    EXPECT_EQ(filled(path, one("segment", Value::text("a..b"))).target.reveal(),
              "/users/a..b/token");
    const std::string why = "the request of step \"login\" can't be made: ";
    for (const std::string_view text : {"a/b", "../x", "a\\b", "a\nb", "/"}) {
        EXPECT_EQ(misfit(path, one("segment", Value::text(text))),
                  why +
                      "\"segment\" stands in a path segment, and can't hold '/', '\\' or control "
                      "characters");
    }
    for (const std::string_view text : {"", ".", ".."}) {
        EXPECT_EQ(misfit(path, one("segment", Value::text(text))),
                  why + "with these values the path has a \".\", \"..\" or empty segment");
    }
}

TEST(Fill, sees_dots_that_a_value_makes_with_its_neighbours) {
    EXPECT_NE(misfit("      method: GET\n      path: /a/.${segment}/b\n",
                     one("segment", Value::text("."))),
              "(none)");
    EXPECT_NE(
        misfit("      method: GET\n      path: /a/.${segment}\n", one("segment", Value::text(""))),
        "(none)");
}

TEST(Fill, lets_a_path_have_segments) {
    const std::string_view path = "      method: GET\n      path: \"${where}\"\n";
    EXPECT_EQ(filled(path, one("where", Value::path("/oauth2/v2.0/token"))).path,
              "/oauth2/v2.0/token");
    EXPECT_EQ(filled(path, one("where", Value::path("oauth/token/"))).path, "/oauth/token/");
    EXPECT_EQ(filled(path, one("where", Value::path("/a b/c:d@e"))).path, "/a%20b/c:d@e");
    EXPECT_EQ(filled("      method: GET\n      path: \"/x/${where}/y\"\n",
                     one("where", Value::path("/a/b")))
                  .path,
              "/x/a/b/y");
    for (const std::string_view text :
         {"", "/a/../b", "..", "/./", "//a", "/a//b", "/a?b", "/a#b", "/a\\b", "/a\nb"}) {
        EXPECT_NE(misfit(path, one("where", Value::path(text))), "(none)") << text;
    }
}

TEST(Fill, joins_the_base_path_and_the_path) {
    EXPECT_EQ(filled(post, Values(), "/tenant").target.reveal(), "/tenant/login");
    EXPECT_EQ(filled("      method: GET\n      path: /\n", Values(), "/tenant").target.reveal(),
              "/tenant/");
}

TEST(Fill, adds_a_trailing_slash_where_it_is_asked_for) {
    const auto path = std::string(post) + "      trailing_slash: \"${truth}\"\n";
    EXPECT_EQ(filled(path, one("truth", Value(Scalar(true)))).path, "/login/");
    EXPECT_EQ(filled(path, one("truth", Value(Scalar(false)))).path, "/login");
    EXPECT_EQ(filled(path, Values()).path, "/login");
    EXPECT_EQ(filled(std::string(post) + "      trailing_slash: true\n", Values()).path, "/login/");
}

TEST(Fill, leaves_out_a_trailing_slash_that_is_never_wanted) {
    const std::string slashed =
        "      method: POST\n      path: /users/\n      trailing_slash: \"${slash}\"\n";
    EXPECT_EQ(filled(slashed, one("slash", Value::text("never"))).path, "/users");
    EXPECT_EQ(filled(slashed, one("slash", Value::text("false"))).path, "/users/");
    EXPECT_EQ(filled(slashed, one("slash", Value::text("true"))).path, "/users/");
    const std::string root =
        "      method: POST\n      path: /\n      trailing_slash: \"${slash}\"\n";
    EXPECT_EQ(filled(root, one("slash", Value::text("never"))).path, "/");
}

TEST(Fill, form_encodes_both_parts_of_basic) {
    Values values = one("text", Value::text("a:b"));
    values.set("secret", secret("p w:%"));
    const auto request =
        filled(std::string(post) + "      basic: { user: \"${text}\", password: \"${secret}\" }\n",
               values);
    // "a%3Ab:p+w%3A%25"
    EXPECT_EQ(header_of(request, "Authorization"), "Basic YSUzQWI6cCt3JTNBJTI1");
    values.erase("secret");
    EXPECT_NE(
        misfit(std::string(post) + "      basic: { user: \"${text}\", password: \"${secret}\" }\n",
               values),
        "(none)");
}

TEST(Fill, lets_a_recipe_choose_accept_and_content_type) {
    const auto request = filled(std::string(post) +
                                    "      json: {}\n      headers: { accept: text/plain, "
                                    "content-type: application/vnd.x }\n",
                                Values());
    EXPECT_EQ(header_of(request, "Accept"), "(none)");
    EXPECT_EQ(header_of(request, "accept"), "text/plain");
    EXPECT_EQ(header_of(request, "Content-Type"), "(none)");
}

TEST(Fill, names_no_secret_in_its_errors) {
    const auto message = misfit(std::string(post) + "      headers: { X-A: \"${secret}\" }\n",
                                one("secret", secret("hunter2\n")));
    EXPECT_EQ(message.find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace tokenbroker::recipe
