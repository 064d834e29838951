#include "document/parse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tokenbroker::document {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::IsEmpty;

struct Outcome {
    std::optional<Value> value;
    std::vector<std::string> mistakes;
};

Outcome parsed(std::string_view text) {
    Mistakes mistakes;
    Outcome outcome{parse(text, "f.yaml", mistakes), {}};
    for (const Mistake& mistake : mistakes.sorted())
        outcome.mistakes.push_back(mistake.text());
    return outcome;
}

TEST(Parse, keeps_texts_as_they_were_written_and_says_whether_they_were_quoted) {
    const auto [root, mistakes] = parsed(
        "octal: 010\nyes: yes\nfloat: 1e5\nquoted: '010'\nblock: |\n  a\n  b\nempty: \"\"\n");
    ASSERT_THAT(mistakes, IsEmpty());
    ASSERT_EQ(root->kind(), Kind::map);
    EXPECT_EQ(root->find("octal")->text(), "010");
    EXPECT_FALSE(root->find("octal")->quoted());
    EXPECT_EQ(root->find("yes")->text(), "yes");
    EXPECT_EQ(root->find("float")->text(), "1e5");
    EXPECT_EQ(root->find("quoted")->text(), "010");
    EXPECT_TRUE(root->find("quoted")->quoted());
    EXPECT_EQ(root->find("block")->text(), "a\nb\n");
    EXPECT_EQ(root->find("empty")->kind(), Kind::scalar);
    EXPECT_EQ(root->find("nothing"), nullptr);
}

TEST(Parse, tells_null_from_text) {
    const auto [root, mistakes] = parsed("a:\nb: ~\nc: null\nd: 'null'\ne: '~'\n");
    ASSERT_THAT(mistakes, IsEmpty());
    for (const auto* key : {"a", "b", "c"})
        EXPECT_EQ(root->find(key)->kind(), Kind::null) << key;
    for (const auto* key : {"d", "e"})
        EXPECT_EQ(root->find(key)->kind(), Kind::scalar) << key;
}

TEST(Parse, keeps_the_order_of_lists_and_maps_and_every_place) {
    const auto [root, mistakes] = parsed("b: [ x, { y: 1 } ]\na:\n  - p\n  -   q\n");
    ASSERT_THAT(mistakes, IsEmpty());
    ASSERT_EQ(root->entries().size(), 2U);
    EXPECT_EQ(root->entries()[0].key, "b");
    EXPECT_EQ(root->entries()[1].key, "a");
    EXPECT_EQ(root->entries()[1].key_spot.place().text(), "f.yaml:2:1");
    const auto& list = root->find("b")->items();
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0].place().text(), "f.yaml:1:6");
    EXPECT_EQ(list[1].place().text(), "f.yaml:1:9");
    EXPECT_EQ(list[1].find("y")->place().text(), "f.yaml:1:14");
    EXPECT_EQ(root->find("a")->items()[1].place().text(), "f.yaml:4:7");
}

TEST(Parse, counts_columns_in_characters_and_skips_a_byte_order_mark) {
    const auto [root, mistakes] = parsed("\xEF\xBB\xBF\xC3\xA9: [\xC3\xBC, b]\r\nz: 1\r\n");
    ASSERT_THAT(mistakes, IsEmpty());
    EXPECT_EQ(root->entries()[0].key, "\xC3\xA9");
    EXPECT_EQ(root->entries()[0].value.items()[1].place().text(), "f.yaml:1:8");
    EXPECT_EQ(root->find("z")->place().text(), "f.yaml:2:4");
}

TEST(Parse, reads_an_empty_text_as_null) {
    for (const auto* text : {"", "\n", "# only a comment\n", "---\n"}) {
        const auto [root, mistakes] = parsed(text);
        ASSERT_THAT(mistakes, IsEmpty()) << text;
        ASSERT_TRUE(root) << text;
        EXPECT_EQ(root->kind(), Kind::null) << text;
        EXPECT_EQ(root->place().column, 1U) << text;
    }
}

TEST(Parse, places_nothing_at_its_key_or_its_list) {
    const auto [root, mistakes] =
        parsed("a:\n\nb: ~\nc:\n  null\nd: { e: , f: null}\ng:\n  - x\n  -\nnull1: 1\n");
    ASSERT_THAT(mistakes, IsEmpty());
    EXPECT_EQ(root->find("a")->place().text(), "f.yaml:1:1");
    EXPECT_EQ(root->find("b")->place().text(), "f.yaml:3:4");
    EXPECT_EQ(root->find("c")->place().text(), "f.yaml:5:3");
    EXPECT_EQ(root->find("d")->find("e")->place().text(), "f.yaml:6:6");
    EXPECT_EQ(root->find("d")->find("f")->place().text(), "f.yaml:6:14");
    EXPECT_EQ(root->find("g")->items()[1].place().text(), "f.yaml:8:3");
}

TEST(Parse, refuses_anchors_and_aliases_and_goes_on) {
    const auto [root, mistakes] = parsed("a: &x 1\nb: *x\nc: [ *x, 2 ]\n");
    EXPECT_THAT(
        mistakes,
        ElementsAre(
            "f.yaml:1:4: an anchor is not allowed; text that begins with & is put in quotes",
            "f.yaml:2:4: an alias is not allowed; write the value out",
            "f.yaml:3:6: an alias is not allowed; write the value out"));
    ASSERT_TRUE(root);
    EXPECT_EQ(root->find("b")->kind(), Kind::refused);
}

TEST(Parse, refuses_an_alias_of_nothing) {
    EXPECT_THAT(parsed("a: *nope\n").mistakes,
                ElementsAre("f.yaml:1:4: an alias is not allowed; write the value out"));
}

TEST(Parse, does_not_unfold_a_billion_laughs) {
    std::string text = "a: &a [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n";
    for (char c = 'b'; c <= 'i'; ++c) {
        const std::string before = "*"s + static_cast<char>(c - 1);
        text += c + ": &"s + c + " [" + before;
        for (int i = 0; i < 8; ++i)
            text += ", " + before;
        text += "]\n";
    }
    EXPECT_EQ(parsed(text).mistakes.size(), 9U + 8 * 9U);
}

TEST(Parse, refuses_a_list_that_holds_itself) {
    EXPECT_THAT(
        parsed("&x [ *x ]\n").mistakes,
        ElementsAre(
            "f.yaml:1:1: an anchor is not allowed; text that begins with & is put in quotes",
            "f.yaml:1:6: an alias is not allowed; write the value out"));
}

TEST(Parse, refuses_merge_keys) {
    EXPECT_THAT(parsed("a:\n  <<: { b: 1 }\n").mistakes,
                ElementsAre("f.yaml:2:3: a merge key (<<) is not allowed; write the values out"));
}

TEST(Parse, refuses_tags) {
    const auto [root, mistakes] = parsed("a: !!str 5\nb: !mine { c: 1 }\n");
    EXPECT_THAT(
        mistakes,
        ElementsAre(
            "f.yaml:1:4: a tag is not allowed; text that could be something else is put in quotes",
            "f.yaml:2:4: a tag is not allowed; text that could be something else is put in "
            "quotes"));
    EXPECT_EQ(root->find("a")->kind(), Kind::refused);
    EXPECT_EQ(root->find("b")->kind(), Kind::map);
}

TEST(Parse, names_both_places_of_a_duplicate_key_and_keeps_the_first) {
    const auto [root, mistakes] = parsed("a: 1\nb: { c: 1, c: 2 }\n'a': 3\na: 4\n");
    EXPECT_THAT(mistakes,
                ElementsAre("f.yaml:2:12: duplicate key \"c\"; the first is at f.yaml:2:6",
                            "f.yaml:3:1: duplicate key \"a\"; the first is at f.yaml:1:1",
                            "f.yaml:4:1: duplicate key \"a\"; the first is at f.yaml:1:1"));
    EXPECT_EQ(root->find("a")->text(), "1");
}

TEST(Parse, takes_only_text_as_a_key) {
    const auto [root, mistakes] = parsed("? [ a ]\n: 1\n? { b: 1 }\n: 2\n~: 3\nd: 4\n");
    EXPECT_THAT(mistakes, ElementsAre("f.yaml:1:3: a key has to be text, not a list",
                                      "f.yaml:3:3: a key has to be text, not a map",
                                      "f.yaml:5:1: a key has to be text, not nothing"));
    ASSERT_EQ(root->entries().size(), 1U);
    EXPECT_EQ(root->find("d")->text(), "4");
}

TEST(Parse, refuses_a_second_document_and_keeps_the_first) {
    const auto [root, mistakes] = parsed("a: 1\n---\nb: 2\n");
    EXPECT_THAT(mistakes,
                ElementsAre("f.yaml:2:1: a second document begins here; a file holds one"));
    EXPECT_EQ(root->find("a")->text(), "1");
    EXPECT_THAT(parsed("---\na: 1\n...\n").mistakes, IsEmpty());
    EXPECT_THAT(parsed("a: 1\n---\n").mistakes,
                ElementsAre("f.yaml:2:1: a second document begins here; a file holds one"));
}

TEST(Parse, names_the_place_where_the_text_stops_being_yaml) {
    EXPECT_THAT(parsed("a: b: c\n").mistakes,
                ElementsAre("f.yaml:1:5: not YAML: illegal map value (text with \": \" in it has "
                            "to be in quotes)"));
    EXPECT_THAT(
        parsed("a:\n  b: 1\n c: 2\n").mistakes,
        ElementsAre("f.yaml:3:2: not YAML: end of map not found (is the indentation right?)"));
    EXPECT_FALSE(parsed("a: [1\n").value);
    EXPECT_FALSE(parsed("a: b\n\tc: d\n").value);
}

TEST(Parse, refuses_a_quote_that_is_not_closed) {
    for (const auto* text :
         {"a: \"x\n", "a: 'x\n", "a: \"x\\\"\n", "a: 'x''\n", "a: \"x\nb: 1\n"}) {
        EXPECT_THAT(parsed(text).mistakes, ElementsAre("f.yaml:1:4: a quote that is not closed"))
            << text;
    }
    EXPECT_THAT(parsed("a: \"x").mistakes,
                ElementsAre("f.yaml:1:6: not YAML: illegal EOF in scalar"));
    for (const auto* text :
         {"a: \"x\\\\\"\n", "a: 'x'''\n", "a: ''\n", "\"a\": \"\\\"\"", "a: ! 'x'\n"}) {
        EXPECT_THAT(parsed(text).mistakes, IsEmpty()) << text;
    }
}

TEST(Parse, refuses_bytes_that_are_not_utf8_and_control_characters) {
    EXPECT_THAT(parsed("a: 1\nb: \xFF\n").mistakes,
                ElementsAre("f.yaml:2:4: a byte that is not UTF-8"));
    EXPECT_THAT(parsed("a: x\0y\n"s).mistakes,
                ElementsAre("f.yaml:1:5: a control character, which YAML does not allow"));
    // A reader that took it for the end of the text would not see the second key.
    EXPECT_THAT(parsed("a: 1\n\x04\nb: 2\n").mistakes,
                ElementsAre("f.yaml:2:1: a control character, which YAML does not allow"));
    EXPECT_THAT(parsed("\xFF\xFE"
                       "a\0:\0"s)
                    .mistakes,
                ElementsAre("f.yaml:1:1: a byte that is not UTF-8"));
}

TEST(Parse, refuses_deep_nesting) {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    EXPECT_THAT(parsed(nested(deepest_document)).mistakes, IsEmpty());
    EXPECT_THAT(
        parsed(nested(deepest_document + 1)).mistakes,
        ElementsAre("f.yaml:1:65: lists and maps are nested too deeply; at most 64 levels"));
    EXPECT_EQ(parsed(nested(100'000)).mistakes.size(), 1U);
    std::string block;
    for (std::size_t i = 0; i < 1000; ++i)
        block += std::string(i, ' ') + "a:\n";
    EXPECT_EQ(parsed(block).mistakes.size(), 1U);
}

TEST(Parse, refuses_what_is_larger_than_8_MiB) {
    std::string text = "a: " + std::string(largest_document - 4, 'x') + "\n";
    ASSERT_EQ(text.size(), largest_document);
    EXPECT_THAT(parsed(text).mistakes, IsEmpty());
    text += "\n";
    const auto [root, mistakes] = parsed(text);
    EXPECT_THAT(mistakes, ElementsAre("f.yaml: the file is too large; at most 8 MiB"));
    EXPECT_FALSE(root);
}

TEST(Mistakes, come_by_place_without_doubles) {
    Mistakes mistakes;
    mistakes.add({"b", 1, 1}, "x");
    mistakes.add({"a", 10, 1}, "x");
    mistakes.add({"a", 9, 2}, "x");
    mistakes.add({"a", 9, 1}, "x");
    mistakes.add({"a", 9, 2}, "x");
    mistakes.add({"a", 0, 0}, "whole");
    std::vector<std::string> texts;
    for (const auto& mistake : mistakes.sorted())
        texts.push_back(mistake.text());
    EXPECT_THAT(texts, ElementsAre("a: whole", "a:9:1: x", "a:9:2: x", "a:10:1: x", "b:1:1: x"));
}

}  // namespace
}  // namespace tokenbroker::document
