#include "recipe/secret_text.hpp"

#include "base/encode.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tokenbroker::recipe {
namespace {

// Every byte, and lengths that fill and cross the first buffer.
std::vector<std::string> samples() {
    std::string every_byte;
    for (int i = 0; i < 256; ++i)
        every_byte += static_cast<char>(i);
    std::vector<std::string> all = {"", "a", "ab", "abc", "p\xc3\xa4ss w\"o\\rd&=+%\n", every_byte};
    for (const std::size_t length : {255U, 256U, 257U, 5000U})
        all.emplace_back(length, 'x');
    return all;
}

TEST(SecretText, encodes_as_the_base_does) {
    for (const std::string& sample : samples()) {
        SecretText percent;
        percent.append_percent_encoded(sample);
        EXPECT_EQ(percent.reveal(), percent_encode(sample));
        SecretText form;
        form.append_form_encoded(sample);
        EXPECT_EQ(form.reveal(), form_encode(sample));
        SecretText encoded;
        encoded.append_base64(sample);
        EXPECT_EQ(encoded.reveal(), base64_encode(sample));
    }
}

TEST(SecretText, writes_json_strings) {
    SecretText text;
    text.append_json_string("a\"b\\c\n\x01\x7f \xc3\xa4/");
    EXPECT_EQ(text.reveal(), "\"a\\\"b\\\\c\\u000a\\u0001\\u007f \xc3\xa4/\"");
}

TEST(SecretText, grows_without_losing_anything) {
    SecretText text;
    std::string expected;
    for (int i = 0; i < 1000; ++i) {
        text.append(std::to_string(i));
        expected += std::to_string(i);
    }
    EXPECT_EQ(text.take().reveal(), expected);
}

TEST(Utf8, is_told_from_other_bytes) {
    for (const char* text : {"", "abc", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                             "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
        EXPECT_TRUE(is_utf8(text)) << text;
    }
    for (const char* text : {"\x80", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80",
                             "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff",
                             "a\xe2\x82", "\xc3(", "\xe2\x82("}) {
        EXPECT_FALSE(is_utf8(text)) << text;
    }
}

}  // namespace
}  // namespace tokenbroker::recipe
