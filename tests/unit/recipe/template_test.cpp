#include "recipe/template.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::recipe {
namespace {

TEST(Template, keeps_text_without_placeholders) {
    const auto text = Template::parse("plain $ {text}");
    ASSERT_TRUE(text);
    EXPECT_TRUE(text->literal());
    EXPECT_EQ(text->text(), "plain $ {text}");
    EXPECT_EQ(text->whole(), "");
}

TEST(Template, finds_placeholders_in_their_order) {
    const auto text = Template::parse("${a}/b/${c_1}");
    ASSERT_TRUE(text);
    EXPECT_EQ(text->names(), (std::vector<std::string>{"a", "c_1"}));
    EXPECT_EQ(text->whole(), "");
    EXPECT_FALSE(text->literal());
}

TEST(Template, knows_a_placeholder_that_is_the_whole_text) {
    EXPECT_EQ(Template::parse("${token}")->whole(), "token");
    EXPECT_EQ(Template::parse("${token} ")->whole(), "");
}

TEST(Template, takes_an_escaped_opening_as_it_is) {
    const auto text = Template::parse("$${not} ${one}");
    ASSERT_TRUE(text);
    EXPECT_EQ(text->names(), std::vector<std::string>{"one"});
    EXPECT_EQ(text->parts().front().text, "${not} ");
    EXPECT_EQ(text->text(), "$${not} ${one}");
}

TEST(Template, refuses_what_is_no_placeholder) {
    for (const char* text : {"${", "${a", "${}", "${A}", "${1a}", "${a b}", "${a.b}", "${${a}}"}) {
        EXPECT_FALSE(Template::parse(text)) << text;
    }
}

TEST(ValueName, has_letters_digits_and_underscores) {
    EXPECT_TRUE(is_value_name("expires_in2"));
    EXPECT_TRUE(is_value_name(std::string(63, 'a')));
    for (const std::string& name : {std::string(), std::string("_a"), std::string("2a"),
                                    std::string("aB"), std::string("a-b"), std::string(64, 'a')}) {
        EXPECT_FALSE(is_value_name(name)) << name;
    }
}

}  // namespace
}  // namespace tokenbroker::recipe
