#include "base/account_name.hpp"

#include <gtest/gtest.h>

namespace tokenbroker {
namespace {

TEST(AccountName, takes_what_the_configuration_page_allows) {
    for (const char* text : {"a", "0", "rossum-prod", "a.b_c-d", "9to5"}) {
        ASSERT_TRUE(AccountName::parse(text).has_value()) << text;
        EXPECT_EQ(AccountName::parse(text)->text(), text);
    }
    EXPECT_TRUE(AccountName::parse(std::string(63, 'a')).has_value());
}

TEST(AccountName, refuses_everything_else) {
    for (const std::string& text :
         {std::string(), std::string("-a"), std::string(".a"), std::string("_a"), std::string("A"),
          std::string("a b"), std::string("a/b"), std::string("ä"), std::string("a\n"),
          std::string(64, 'a'), std::string("a\0b", 3)}) {
        ASSERT_TRUE(AccountName::parse(text).has_error()) << text;
        EXPECT_EQ(AccountName::parse(text).error().code(), Errc::invalid_input);
    }
}

}  // namespace
}  // namespace tokenbroker
