#include "base/encode.hpp"

#include <gtest/gtest.h>

namespace tokenbroker {
namespace {

TEST(Base64, writes_the_examples_of_rfc_4648) {
    EXPECT_EQ(base64_encode(""), "");
    EXPECT_EQ(base64_encode("f"), "Zg==");
    EXPECT_EQ(base64_encode("fo"), "Zm8=");
    EXPECT_EQ(base64_encode("foo"), "Zm9v");
    EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
    EXPECT_EQ(base64_encode("\xff\xfe\xfb"), "//77");
}

TEST(Base64, reads_back_what_it_writes) {
    std::string bytes;
    for (int i = 0; i < 256; ++i) {
        bytes += static_cast<char>(i);
        const auto back = base64_decode(base64_encode(bytes));
        ASSERT_TRUE(back.has_value());
        EXPECT_EQ(back->reveal(), bytes);
    }
}

TEST(Base64, is_strict) {
    for (const char* text :
         {"Zg", "Zg=", "Z", "Zg==\n", "Zh==", "Zm9=", "====", "Zm9v=", "Zm_v", "Z===", " Zg="}) {
        EXPECT_TRUE(base64_decode(text).has_error()) << text;
    }
}

TEST(Base64Url, takes_text_with_and_without_padding) {
    EXPECT_EQ(*base64url_decode("_-77"), "\xff\xee\xfb");
    EXPECT_EQ(*base64url_decode("Zg"), "f");
    EXPECT_EQ(*base64url_decode("Zg=="), "f");
    EXPECT_TRUE(base64url_decode("Z+==").has_error());
}

TEST(PercentEncode, leaves_only_unreserved_characters) {
    EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
    EXPECT_EQ(percent_encode("a/b ?#%\n\xc3\xa4"), "a%2Fb%20%3F%23%25%0A%C3%A4");
}

TEST(FormEncode, writes_a_space_as_plus) {
    EXPECT_EQ(form_encode("a b+c~&="), "a+b%2Bc%7E%26%3D");
}

TEST(JsonQuote, escapes_what_would_end_the_string) {
    EXPECT_EQ(json_quote("a\"b\\c\n\t\x01/\xc3\xa4"), "\"a\\\"b\\\\c\\n\\t\\u0001/\xc3\xa4\"");
}

TEST(HexEncode, is_lower_case) {
    EXPECT_EQ(hex_encode(std::string("\x00\xff\x1a", 3)), "00ff1a");
}

}  // namespace
}  // namespace tokenbroker
