#include "provision/password.hpp"

#include <gmock/gmock.h>

#include <random>
#include <set>

namespace tokenbroker::provision {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// As Rossum asks for it.
recipe::PasswordRules strict() {
    recipe::PasswordRules rules;
    rules.shortest = 12;
    rules.longest = 64;
    rules.classes = 3;
    rules.digits_only = false;
    rules.common = false;
    rules.unlike = {"username"};
    return rules;
}

recipe::Values named(std::string_view username) {
    recipe::Values inputs;
    inputs.set("username", recipe::Value::text(username));
    return inputs;
}

std::vector<std::string> mistakes(std::string_view password,
                                  std::string_view username = "svc@acme") {
    return password_mistakes(strict(), password, named(username));
}

TEST(Password, that_keeps_the_rules_is_right) {
    EXPECT_THAT(mistakes("Tr4vel-Kettle-Oboe"), IsEmpty());
}

TEST(Password, has_a_length_in_characters_and_not_in_bytes) {
    const std::string wide =
        "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80Tr4-";  // 7 characters of 13 bytes
    EXPECT_THAT(mistakes(wide), ElementsAre("the password has to have 12 to 64 characters"));
    std::string long_one;
    for (int n = 0; n < 9; ++n)
        long_one += wide;
    EXPECT_THAT(mistakes(long_one), IsEmpty()) << "63 characters of 117 bytes";
    EXPECT_THAT(mistakes(long_one + "ab"),
                ElementsAre("the password has to have 12 to 64 characters"));
}

TEST(Password, has_a_length) {
    EXPECT_THAT(mistakes("Ab1-Ab1-Ab1"),
                ElementsAre("the password has to have 12 to 64 characters"));
    EXPECT_THAT(mistakes("Ab1-Ab1-Ab1-"), IsEmpty());
    const std::string pattern = "Qz7-";
    std::string longest;
    for (int i = 0; i < 16; ++i)
        longest += pattern;
    EXPECT_THAT(mistakes(longest), IsEmpty());
    EXPECT_THAT(mistakes(longest + "x"),
                ElementsAre("the password has to have 12 to 64 characters"));
}

TEST(Password, has_several_kinds_of_characters) {
    EXPECT_THAT(
        mistakes("travelkettleoboe"),
        ElementsAre(
            "the password has to have 3 of lower case, upper case, digits and other characters"));
    EXPECT_THAT(mistakes("travel-kettle-9"), IsEmpty());
}

TEST(Password, is_not_digits_alone) {
    EXPECT_THAT(mistakes("918273645546372"),
                testing::Contains("the password may not be digits alone"));
}

TEST(Password, is_no_common_word_with_decoration) {
    for (const char* bad : {"Password1234!", "123-Administrator", "CorrectHorseBatteryStaple1"}) {
        EXPECT_THAT(mistakes(bad), testing::Contains("the password is a common word")) << bad;
    }
}

TEST(Password, does_not_resemble_a_name) {
    EXPECT_THAT(mistakes("Invoices-2027-x", "api_invoices@acme"),
                ElementsAre("the password resembles username"));
    EXPECT_THAT(mistakes("Api_Invoicer1@acme", "api_invoices@acme"),
                ElementsAre("the password resembles username"));
    EXPECT_THAT(mistakes("Tr4vel-Api-Kettle", "api_invoices@acme"), IsEmpty())
        << "short parts say nothing";
}

TEST(Password, without_rules_may_be_anything) {
    EXPECT_THAT(password_mistakes(recipe::PasswordRules(), "1", recipe::Values()), IsEmpty());
}

TEST(Password, is_not_in_a_message) {
    for (const std::string& mistake : mistakes("svc@acme"))
        EXPECT_EQ(mistake.find("svc@acme"), std::string::npos);
}

Random seeded() {
    return [engine = std::mt19937(7)](char* bytes, std::size_t count) mutable {
        for (std::size_t i = 0; i < count; ++i)
            bytes[i] = static_cast<char>(engine());
    };
}

TEST(GeneratedPassword, keeps_the_rules_and_is_new_each_time) {
    const Random random = seeded();
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i) {
        const Secret password = generate_password(strict(), named("svc@acme"), random);
        EXPECT_EQ(password.size(), 32U);
        EXPECT_THAT(mistakes(password.reveal()), IsEmpty());
        EXPECT_TRUE(seen.insert(std::string(password.reveal())).second);
    }
}

TEST(GeneratedPassword, is_as_long_as_the_rules_let_it_be) {
    recipe::PasswordRules rules;
    rules.longest = 10;
    EXPECT_EQ(generate_password(rules, recipe::Values(), seeded()).size(), 10U);
    rules.longest = 100;
    rules.shortest = 40;
    EXPECT_EQ(generate_password(rules, recipe::Values(), seeded()).size(), 40U);
}

}  // namespace
}  // namespace tokenbroker::provision
