#include "state/seal.hpp"

#include "state/token_codec.hpp"

#include <gtest/gtest.h>

#include <set>

namespace tokenbroker::state {
namespace {

StateKey key(char fill) {
    return std::move(*parse_state_key(Secret(std::string(32, fill))));
}

const StateKeys keys{key('a'), std::nullopt};
const Secret plaintext("planted-token-value");
const WallTime expiry(std::chrono::seconds(1'795'305'600));

std::string sealed() {
    return seal(keys.current, "binding", 42, expiry, plaintext);
}

TEST(Seal, opens_under_its_key_and_binding) {
    const auto opened = unseal(keys, "binding", sealed());
    ASSERT_TRUE(opened);
    EXPECT_TRUE(opened->plaintext == plaintext);
    EXPECT_FALSE(opened->previous_key);
}

TEST(Seal, hides_what_is_in_it_and_is_another_each_time) {
    std::set<std::string> files;
    for (int i = 0; i < 100; ++i) {
        const std::string file = sealed();
        EXPECT_EQ(file.find("planted"), std::string::npos);
        EXPECT_EQ(file.find("binding"), std::string::npos);
        files.insert(file);
    }
    EXPECT_EQ(files.size(), 100U);
}

TEST(Seal, says_generation_and_expiry_without_the_binding) {
    const auto header = read_header(keys, sealed());
    ASSERT_TRUE(header);
    EXPECT_EQ(header->generation, 42U);
    EXPECT_EQ(header->expires_at, expiry);
    EXPECT_FALSE(
        read_header(keys, seal(keys.current, "b", 1, std::nullopt, plaintext))->expires_at);
}

TEST(Seal, with_any_bit_flipped_does_not_open) {
    const std::string file = sealed();
    for (std::size_t at = 0; at < file.size(); ++at) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            std::string altered = file;
            altered[at] = static_cast<char>(static_cast<unsigned char>(altered[at]) ^ (1U << bit));
            const auto opened = unseal(keys, "binding", altered);
            ASSERT_FALSE(opened) << at << " " << bit;
        }
    }
}

TEST(Seal, cut_at_any_length_or_with_bytes_added_does_not_open) {
    const std::string file = sealed();
    for (std::size_t length = 0; length < file.size(); ++length) {
        const auto opened = unseal(keys, "binding", file.substr(0, length));
        ASSERT_FALSE(opened) << length;
        EXPECT_EQ(opened.error().code(), Errc::corrupt) << length;
    }
    EXPECT_FALSE(unseal(keys, "binding", file + "x"));
}

TEST(Seal, of_another_binding_is_told_from_damage) {
    EXPECT_EQ(unseal(keys, "another", sealed()).error().code(), Errc::invalid_input);
}

TEST(Seal, of_another_key_is_told_from_damage) {
    const StateKeys others{key('b'), std::nullopt};
    EXPECT_EQ(unseal(others, "binding", sealed()).error().code(), Errc::wrong_key);
}

TEST(Seal, of_the_previous_key_opens_and_says_so) {
    const StateKeys rotated{key('b'), key('a')};
    const auto opened = unseal(rotated, "binding", sealed());
    ASSERT_TRUE(opened);
    EXPECT_TRUE(opened->previous_key);
    EXPECT_TRUE(opened->plaintext == plaintext);
}

TEST(Seal, of_a_newer_version_is_told_from_damage) {
    std::string file = sealed();
    file[8] = 2;
    EXPECT_EQ(unseal(keys, "binding", file).error().code(), Errc::future_version);
    file[8] = 0;
    EXPECT_EQ(unseal(keys, "binding", file).error().code(), Errc::corrupt);
}

TEST(TokenCodec, gives_back_every_member) {
    SealedToken token;
    token.value = Secret("value");
    token.header_name = "Authorization";
    token.header_value = Secret("Bearer value");
    token.kept = Secret(std::string_view("a\0b", 3));
    token.times.generation = 7;
    token.times.first_generation = 5;
    token.times.issued_at = WallTime(Milliseconds(1));
    token.times.issued_boot = BootTime(Milliseconds(-2));
    token.times.boot_id = "boot";
    token.times.expires_at = WallTime(Milliseconds(3));
    token.times.expires_boot = BootTime(Milliseconds(5));
    token.times.lifetime = Milliseconds(4);
    token.times.source = core::ExpirySource::requested;
    token.times.jitter = 0.625;
    const auto back = decode_token(encode_token(token));
    ASSERT_TRUE(back);
    EXPECT_TRUE(back->value == token.value);
    EXPECT_EQ(back->header_name, token.header_name);
    EXPECT_TRUE(back->header_value == token.header_value);
    EXPECT_TRUE(back->kept == token.kept);
    EXPECT_EQ(back->times, token.times);
    token.times.expires_at.reset();
    token.times.expires_boot.reset();
    token.times.lifetime.reset();
    EXPECT_EQ(decode_token(encode_token(token))->times, token.times);
}

TEST(TokenCodec, refuses_what_is_cut_or_no_token) {
    SealedToken token;
    token.value = Secret("value");
    token.header_name = "A";
    token.times.generation = 1;
    const Secret bytes = encode_token(token);
    ASSERT_TRUE(decode_token(bytes));
    std::size_t refused = 0;
    for (std::size_t length = 0; length < bytes.size(); ++length)
        refused += decode_token(Secret(bytes.reveal().substr(0, length))) ? 0U : 1U;
    // A cut between two members leaves a token with fewer of them; the seal sees that, not the
    // codec.
    EXPECT_GT(refused, bytes.size() - 13);
    EXPECT_FALSE(decode_token(Secret("whatever this is")));
    EXPECT_FALSE(decode_token(Secret()));
}

TEST(TokenCodec, binds_to_account_recipe_origin_and_identity_without_ambiguity) {
    const auto account = [](const char* name) { return *AccountName::parse(name); };
    const std::set<std::string> different{
        encode_binding({account("a"), "b", "c", {}}),
        encode_binding({account("ab"), "", "c", {}}),
        encode_binding({account("a"), "bc", "", {}}),
        encode_binding({account("a"), "b", "c", {{"user", "x"}}}),
        encode_binding({account("a"), "b", "c", {{"user", "y"}}}),
        encode_binding({account("a"), "b", "c", {{"use", "rx"}}}),
        encode_binding({account("a"), "b", "c", {{"user", ""}, {"x", ""}}})};
    EXPECT_EQ(different.size(), 7U);
}

}  // namespace
}  // namespace tokenbroker::state
