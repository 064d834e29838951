#include "state/token_files.hpp"

#include "async/nursery.hpp"
#include "support/await.hpp"
#include "support/faulty_files.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace tokenbroker::state {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

StateKey key(char fill) {
    return std::move(*parse_state_key(Secret(std::string(32, fill))));
}
AccountName account(const char* name) {
    return *AccountName::parse(name);
}
Binding binding(const char* name) {
    return {account(name), "rossum", "https://x.example:443", {{"username", "u"}}};
}

SealedToken token(const std::string& value, std::uint64_t generation = 1) {
    SealedToken made;
    made.value = Secret(value);
    made.header_name = "Authorization";
    made.header_value = Secret("Bearer " + value);
    made.times.generation = generation;
    made.times.expires_at = WallTime(std::chrono::seconds(1000));
    return made;
}

struct TokenFilesTest : testing::Test {
    TokenFiles store_with(StateKeys other) {
        return TokenFiles(folder, std::move(other), offload, files);
    }
    LoadedToken load(TokenFiles& from, const Binding& bound) {
        auto loaded = support::await(loop, from.load(bound));
        EXPECT_TRUE(loaded.has_value());
        return std::move(*loaded);
    }
    Result<void> store(TokenFiles& into, const Binding& bound, SealedToken made) {
        return support::await(loop, into.store(bound, std::move(made)));
    }
    [[nodiscard]] std::string file_of(const char* name) const {
        return folder + "/" + name + ".token";
    }
    void expect_set_aside(const LoadedToken& loaded, Errc why) {
        EXPECT_FALSE(loaded.token);
        ASSERT_TRUE(loaded.set_aside);
        EXPECT_EQ(loaded.set_aside->why, why) << loaded.set_aside->message;
        EXPECT_TRUE(fs::exists(loaded.set_aside->path));
        EXPECT_FALSE(fs::exists(file_of("a")));
    }

    support::TempDir dir;
    std::string folder = dir.make_folder("state");
    asio::io_context loop{1};
    async::Offload offload{loop, 4};
    support::FaultyFiles files;
    StateKeys keys{key('a'), std::nullopt};
    TokenFiles tokens{folder, keys, offload, files};
};

TEST_F(TokenFilesTest, know_nothing_of_an_account_without_a_file) {
    const auto loaded = load(tokens, binding("a"));
    EXPECT_FALSE(loaded.token);
    EXPECT_FALSE(loaded.set_aside);
}

TEST_F(TokenFilesTest, give_back_a_token_that_nobody_else_may_read) {
    ASSERT_TRUE(store(tokens, binding("a"), token("planted-token")));
    EXPECT_EQ(fs::status(file_of("a")).permissions(), fs::perms(0600));
    EXPECT_EQ(support::read_tree(folder).find("planted-token"), std::string::npos);
    TokenFiles next = store_with(keys);
    const auto loaded = load(next, binding("a"));
    ASSERT_TRUE(loaded.token);
    EXPECT_EQ(loaded.token->value.reveal(), "planted-token");
    EXPECT_EQ(loaded.token->times, token("x").times);
}

TEST_F(TokenFilesTest, set_aside_what_was_altered_cut_or_is_no_file_of_ours) {
    ASSERT_TRUE(store(tokens, binding("a"), token("t")));
    const std::string good = support::read_file(file_of("a"));
    std::string flipped = good;
    flipped.back() = static_cast<char>(flipped.back() ^ 1);
    for (const std::string& content :
         {flipped, good.substr(0, good.size() / 2), std::string(), std::string("{}")}) {
        dir.write("state/a.token", content);
        const auto loaded = load(tokens, binding("a"));
        expect_set_aside(loaded, Errc::corrupt);
        EXPECT_EQ(support::read_file(loaded.set_aside->path), content);
    }
    EXPECT_TRUE(fs::exists(folder + "/a.token.bad-corrupt-4"));
}

TEST_F(TokenFilesTest, set_aside_what_is_no_regular_file) {
    fs::create_symlink("/etc/passwd", file_of("a"));
    expect_set_aside(load(tokens, binding("a")), Errc::io);
    fs::create_directory(file_of("a"));
    expect_set_aside(load(tokens, binding("a")), Errc::corrupt);
}

TEST_F(TokenFilesTest, set_aside_the_file_of_another_account_recipe_origin_or_identity) {
    Binding other_recipe = binding("a");
    other_recipe.recipe = "oz";
    Binding other_origin = binding("a");
    other_origin.origin = "https://y.example:443";
    Binding other_identity = binding("a");
    other_identity.identity["username"] = "v";
    for (const Binding& wrong : {binding("b"), other_recipe, other_origin, other_identity}) {
        ASSERT_TRUE(store(tokens, wrong, token("t", 77)));
        if (fs::exists(file_of("b"))) fs::rename(file_of("b"), file_of("a"));
        const auto loaded = load(tokens, binding("a"));
        expect_set_aside(loaded, Errc::invalid_input);
        // Generations go on growing where they were.
        EXPECT_EQ(loaded.set_aside->generation, 77U);
    }
}

TEST_F(TokenFilesTest, swapped_between_accounts_open_for_neither) {
    ASSERT_TRUE(store(tokens, binding("a"), token("of a")));
    ASSERT_TRUE(store(tokens, binding("b"), token("of b")));
    fs::rename(file_of("a"), file_of("c"));
    fs::rename(file_of("b"), file_of("a"));
    fs::rename(file_of("c"), file_of("b"));
    EXPECT_FALSE(load(tokens, binding("a")).token);
    EXPECT_FALSE(load(tokens, binding("b")).token);
}

TEST_F(TokenFilesTest, set_aside_what_another_key_or_a_newer_program_sealed) {
    TokenFiles others = store_with({key('z'), std::nullopt});
    ASSERT_TRUE(store(others, binding("a"), token("t")));
    const std::string file = support::read_file(file_of("a"));
    expect_set_aside(load(tokens, binding("a")), Errc::wrong_key);
    std::string newer = file;
    newer[8] = 9;
    dir.write("state/a.token", newer);
    expect_set_aside(load(tokens, binding("a")), Errc::future_version);
}

TEST_F(TokenFilesTest, seal_anew_what_the_previous_key_opened) {
    ASSERT_TRUE(store(tokens, binding("a"), token("t")));
    TokenFiles rotated = store_with({key('b'), key('a')});
    const auto loaded = load(rotated, binding("a"));
    ASSERT_TRUE(loaded.token);
    EXPECT_TRUE(loaded.sealed_anew);
    TokenFiles later = store_with({key('b'), std::nullopt});
    EXPECT_TRUE(load(later, binding("a")).token);
}

TEST_F(TokenFilesTest, are_deleted_with_their_account) {
    ASSERT_TRUE(store(tokens, binding("a"), token("t")));
    EXPECT_TRUE(support::await(loop, tokens.remove(account("a"))));
    EXPECT_FALSE(fs::exists(file_of("a")));
    EXPECT_TRUE(support::await(loop, tokens.remove(account("a"))));
}

TEST_F(TokenFilesTest, without_an_account_are_listed_and_deleted_after_their_expiry) {
    for (const char* name : {"kept", "old", "dead"})
        ASSERT_TRUE(store(tokens, binding(name), token("t")));
    SealedToken eternal = token("t");
    eternal.times.expires_at.reset();
    ASSERT_TRUE(store(tokens, binding("eternal"), std::move(eternal)));
    dir.write("state/alien.token", "not ours");
    dir.write("state/a.token.bad-corrupt-1", "x");
    const auto before = support::await(
        loop, tokens.orphans({account("kept")}, WallTime(std::chrono::seconds(999))));
    ASSERT_TRUE(before);
    EXPECT_EQ(before->size(), 4U);
    const auto after = support::await(
        loop, tokens.orphans({account("kept")}, WallTime(std::chrono::seconds(1000))));
    ASSERT_EQ(after->size(), 2U);
    EXPECT_EQ(after->at(0).account, "alien");
    EXPECT_EQ(after->at(1).account, "eternal");
    EXPECT_TRUE(fs::exists(file_of("kept")));
    EXPECT_FALSE(fs::exists(file_of("old")));
}

TEST_F(TokenFilesTest, hold_what_was_stored_last_even_where_the_callers_left) {
    async::Nursery nursery(loop.get_executor());
    std::vector<std::optional<Result<void>>> results(20);
    for (std::size_t i = 0; i < results.size(); ++i)
        nursery.spawn("store", support::keep_result(tokens.store(binding("a"), token("t", i + 1)),
                                                    results[i]));
    loop.restart();
    loop.run_for(std::chrono::milliseconds(1));
    nursery.cancel();
    loop.restart();
    loop.run();
    EXPECT_EQ(load(tokens, binding("a")).token->times.generation, 20U);
}

TEST_F(TokenFilesTest, are_old_or_new_and_never_half_whatever_call_fails) {
    for (const int error : {ENOSPC, EIO, EACCES}) {
        for (const bool for_good : {false, true}) {
            bool reached = true;
            for (unsigned call = 1; reached; ++call) {
                ASSERT_TRUE(store(tokens, binding("a"), token("old", 1)));
                files.fail(call, error, for_good);
                const bool stored = store(tokens, binding("a"), token("new", 2)).has_value();
                reached = files.failed();
                files.heal();
                const auto loaded = load(tokens, binding("a"));
                ASSERT_TRUE(loaded.token) << "call " << call;
                if (stored) {
                    EXPECT_EQ(loaded.token->value.reveal(), "new") << "call " << call;
                }
                EXPECT_TRUE(loaded.token->value == Secret("old") ||
                            loaded.token->value == Secret("new"));
            }
        }
        // Nothing is left beside it but what a failing unlink() left.
        EXPECT_LE(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 20);
    }
}

TEST_F(TokenFilesTest, are_read_once_more_where_a_fault_may_pass) {
    ASSERT_TRUE(store(tokens, binding("a"), token("t")));
    for (const int error : {EIO, EACCES}) {
        for (unsigned call = 1; call <= 3; ++call) {
            files.fail(call, error);
            EXPECT_TRUE(load(tokens, binding("a")).token) << call;
            EXPECT_TRUE(files.failed());
            files.heal();
        }
    }
}

TEST_F(TokenFilesTest, that_can_not_be_read_are_set_aside_and_not_replaced_by_the_next_one) {
    fs::create_symlink("/etc/passwd", file_of("a"));
    const auto loaded = load(tokens, binding("a"));
    expect_set_aside(loaded, Errc::io);
    EXPECT_EQ(loaded.set_aside->path, file_of("a") + ".bad-unreadable-1");
    ASSERT_TRUE(store(tokens, binding("a"), token("t")));
    EXPECT_TRUE(fs::is_symlink(file_of("a") + ".bad-unreadable-1"));
    EXPECT_TRUE(load(tokens, binding("a")).token);
}

TEST_F(TokenFilesTest, that_can_not_even_be_set_aside_are_an_error_and_stay_where_they_are) {
    ASSERT_TRUE(store(tokens, binding("a"), token("t")));
    for (unsigned call = 1; call <= 3; ++call) {
        files.fail(call, EIO, true);
        const auto loaded = support::await(loop, tokens.load(binding("a")));
        EXPECT_FALSE(loaded) << call;
        files.heal();
        EXPECT_TRUE(load(tokens, binding("a")).token);
    }
}

}  // namespace
}  // namespace tokenbroker::state
