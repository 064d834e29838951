#include "state/key.hpp"

#include "base/encode.hpp"
#include "support/faulty_files.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

namespace tokenbroker::state {
namespace {

const std::string raw = "0123456789abcdef0123456789abcde\n";

TEST(StateKeyText, of_32_bytes_is_taken_as_it_is_even_where_it_ends_in_a_newline) {
    const auto key = parse_state_key(Secret(raw));
    ASSERT_TRUE(key);
    EXPECT_EQ(key->seal.size(), 32U);
    EXPECT_EQ(key->id.size(), 8U);
    const auto other =
        parse_state_key(Secret(std::string_view("0123456789abcdef0123456789abcdef")));
    EXPECT_NE(key->id, other->id);
}

TEST(StateKeyText, in_base64_is_the_same_key_with_and_without_a_newline) {
    const std::string text = base64_encode(raw);
    const auto key = parse_state_key(Secret(raw));
    EXPECT_EQ(parse_state_key(Secret(text))->id, key->id);
    EXPECT_EQ(parse_state_key(Secret(text + "\n"))->id, key->id);
    EXPECT_EQ(parse_state_key(Secret(text + "\r\n"))->id, key->id);
}

TEST(StateKeyText, of_any_other_form_is_a_mistake_that_does_not_show_it) {
    for (const std::string& text :
         {std::string(), raw + "\n", raw.substr(1), base64_encode(raw) + "\n\n",
          base64_encode("too short"), " " + base64_encode(raw)}) {
        const auto key = parse_state_key(Secret(text));
        ASSERT_FALSE(key) << text.size();
        EXPECT_EQ(key.error().code(), Errc::misconfigured);
        EXPECT_EQ(key.error().message().find("0123"), std::string::npos);
    }
}

TEST(StateKeyText, gives_keys_that_differ_by_purpose) {
    const auto key = parse_state_key(Secret(raw));
    EXPECT_FALSE(key->seal == key->fingerprint);
    EXPECT_FALSE(key->seal == Secret(raw));
    EXPECT_NE(std::string(key->seal.reveal().substr(0, 8)), key->id);
}

TEST(Fingerprint, changes_with_the_secret_and_with_the_key_alone) {
    const auto one = parse_state_key(Secret(raw));
    const auto two = parse_state_key(Secret(std::string(32, 'k')));
    const Secret secret("hunter2");
    EXPECT_EQ(fingerprint(*one, secret), fingerprint(*one, Secret("hunter2")));
    EXPECT_NE(fingerprint(*one, secret), fingerprint(*one, Secret("hunter3")));
    EXPECT_NE(fingerprint(*one, secret), fingerprint(*two, secret));
    EXPECT_EQ(fingerprint(*one, secret).find("hunter2"), std::string::npos);
}

struct OwnKeyTest : testing::Test {
    support::TempDir dir;
    std::string folder = dir.make_folder("state");
    support::FaultyFiles files;
};

TEST_F(OwnKeyTest, is_made_once_for_us_alone) {
    const auto first = own_state_key(files, folder);
    ASSERT_TRUE(first);
    EXPECT_TRUE(first->made);
    EXPECT_EQ(std::filesystem::status(folder + "/state.key").permissions(),
              std::filesystem::perms(0600));
    const auto second = own_state_key(files, folder);
    ASSERT_TRUE(second);
    EXPECT_FALSE(second->made);
    EXPECT_EQ(second->key.id, first->key.id);
}

TEST_F(OwnKeyTest, that_others_may_read_is_refused) {
    ASSERT_TRUE(own_state_key(files, folder));
    for (const mode_t mode : {0604U, 0620U, 0602U, 0666U}) {
        std::filesystem::permissions(folder + "/state.key", std::filesystem::perms(mode));
        const auto key = own_state_key(files, folder);
        ASSERT_FALSE(key);
        EXPECT_EQ(key.error().code(), Errc::misconfigured);
    }
}

TEST_F(OwnKeyTest, that_is_cut_short_is_an_error_and_stays_where_it_is) {
    dir.write("state/state.key", "half a key");
    EXPECT_FALSE(own_state_key(files, folder));
    EXPECT_EQ(support::read_file(folder + "/state.key"), "half a key");
}

TEST_F(OwnKeyTest, is_whole_or_not_there_whatever_call_fails) {
    bool reached = true;
    for (unsigned call = 1; reached; ++call) {
        std::filesystem::remove(folder + "/state.key");
        files.fail(call, ENOSPC);
        const auto made = own_state_key(files, folder);
        reached = files.failed();
        files.heal();
        const auto next = own_state_key(files, folder);
        ASSERT_TRUE(next) << call;
        if (made) {
            EXPECT_EQ(made->key.id, next->key.id) << call;
        }
    }
}

}  // namespace
}  // namespace tokenbroker::state
