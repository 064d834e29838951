#include "base/mask.hpp"

#include "base/encode.hpp"

#include <gtest/gtest.h>

namespace tokenbroker {
namespace {

std::vector<Secret> secrets(std::initializer_list<std::string_view> texts) {
    std::vector<Secret> all;
    for (const auto text : texts)
        all.emplace_back(text);
    return all;
}

TEST(MaskSecrets, replaces_each_one_wherever_it_stands) {
    EXPECT_EQ(mask_secrets("x hunter22 y hunter22", secrets({"hunter22"})), "x *** y ***");
    EXPECT_EQ(mask_secrets("prefixhunter22suffix", secrets({"hunter22"})), "prefix***suffix");
}

TEST(MaskSecrets, knows_the_escaped_forms) {
    const std::string secret = "p\"a\\ss/w ö&";
    for (const std::string& form :
         {json_quote(secret), percent_encode(secret), form_encode(secret), base64_encode(secret),
          std::string("p\\\"a\\\\ss\\/w ö&"), std::string("p%22a%5css%2fw%20%c3%b6%26")}) {
        const std::string masked = mask_secrets("[" + form + "]", secrets({secret}));
        EXPECT_TRUE(masked == "[***]" || masked == "[\"***\"]") << masked;
    }
}

TEST(MaskSecrets, masks_a_short_secret_only_as_a_whole_word) {
    EXPECT_EQ(mask_secrets("an abc, not abcd", secrets({"abc"})), "an ***, not abcd");
}

TEST(MaskSecrets, masks_the_longer_of_two_nested_secrets_whole) {
    EXPECT_EQ(mask_secrets("hunter22-and-more", secrets({"hunter22", "hunter22-and-more"})), "***");
}

TEST(MaskSecrets, leaves_other_text_alone) {
    EXPECT_EQ(mask_secrets("nothing here", secrets({"", "hunter22"})), "nothing here");
}

TEST(Printable, has_no_control_characters_and_a_limit) {
    EXPECT_EQ(printable("a\nb\x1b[1m\x7f", 100), "a b [1m ");
    EXPECT_EQ(printable("abcdefgh", 6), "abc...");
    EXPECT_EQ(printable("abcdef", 6), "abcdef");
}

TEST(Printable, never_cuts_a_character_in_two) {
    EXPECT_EQ(printable("abc\xc3\xa4\xc3\xa4xyz", 7), "abc...");
}

}  // namespace
}  // namespace tokenbroker
