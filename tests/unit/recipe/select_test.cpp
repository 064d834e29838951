#include "recipe_helpers.hpp"

namespace tokenbroker::recipe {
namespace {

constexpr std::string_view groups = R"({"results": [
    {"id": 1, "name": "viewer", "url": "u/1"}, {"id": 3, "name": "admin", "url": "u/3"}, {"id": 4, "name": "admin", "url": "u/4"}]})";

Step choosing() {
    Step step;
    step.name = "find_group";
    Select select;
    select.what = "group";
    select.from = *Pointer::parse("/results");
    select.where.emplace_back(*Pointer::parse("/name"), *Template::parse("${group}"));
    select.where.emplace_back(*Pointer::parse("/id"), *Template::parse("${id}"));
    select.show = {*Pointer::parse("/id"), *Pointer::parse("/name")};
    step.select = std::move(select);
    step.take.push_back({"url", *Pointer::parse("/url"), std::nullopt, false, false});
    return step;
}

Reading choose(std::string_view body, const Values& values) {
    return read_answer(choosing(), answer(200, body), values, {}, now);
}

Values asking(std::string_view name, Value value) {
    Values values;
    values.set(std::string(name), std::move(value));
    return values;
}

TEST(Select, finds_the_one_that_fits) {
    EXPECT_EQ(taken(choose(groups, asking("group", Value::text("viewer"))), "url"), "u/1");
    Values both = asking("group", Value::text("admin"));
    both.set("id", Value(Scalar(std::int64_t{4})));
    EXPECT_EQ(taken(choose(groups, both), "url"), "u/4");
    EXPECT_EQ(taken(choose(groups, asking("id", Value::text("3"))), "url"), "u/3");
}

TEST(Select, takes_the_only_one_where_nothing_is_asked) {
    EXPECT_EQ(taken(choose(R"({"results": [{"url": "u"}]})", Values()), "url"), "u");
}

TEST(Select, lists_the_choices_on_a_miss) {
    const Reading miss = choose(groups, asking("group", Value::text("boss")));
    EXPECT_EQ(miss.verdict, core::Verdict::unexpected);
    EXPECT_EQ(miss.cause,
              "HTTP 200, but no group has name \"boss\"; there are: 1 viewer; 3 admin; 4 admin");
}

TEST(Select, asks_to_choose_among_several) {
    EXPECT_EQ(choose(groups, Values()).cause,
              "HTTP 200, but there are 3 of group, choose one: 1 viewer; 3 admin; 4 admin");
    EXPECT_EQ(
        choose(groups, asking("group", Value::text("admin"))).cause,
        "HTTP 200, but there are 2 of group with name \"admin\", choose one: 3 admin; 4 admin");
}

TEST(Select, says_when_there_is_none_or_no_list) {
    EXPECT_EQ(choose(R"({"results": []})", Values()).cause,
              "HTTP 200, but there is no group at all");
    EXPECT_EQ(choose(R"({"results": {}})", Values()).cause,
              "HTTP 200, but \"/results\" is not there, or not a list");
    EXPECT_EQ(choose("{}", Values()).verdict, core::Verdict::unexpected);
    EXPECT_EQ(choose("", Values()).verdict, core::Verdict::unexpected);
    EXPECT_EQ(choose(R"({"results": [1]})", Values()).cause,
              "HTTP 200, but the body is a number, where a JSON object is needed");
}

}  // namespace
}  // namespace tokenbroker::recipe
