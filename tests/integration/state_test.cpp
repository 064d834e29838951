// What lies in the state directory is damaged, swapped, lost or under another key: what each costs,
// what is said of it, and where it lies afterwards.
#include "integration/world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace tokenbroker::integration {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> names{"a", "b", "c"};

std::vector<std::string> sandbox_options() {
    std::vector<std::string> options{"--rossum-rate", "0"};
    for (const std::string& name : names)
        options.insert(options.end(), {"--user", name + "@mycompany:sandbox-password"});
    return options;
}

struct State : ::testing::Test {
    // `keys`: members of `state:` beside the directory.
    void configure(const std::vector<std::string>& accounts, const std::string& keys = "") {
        std::vector<Account> all;
        for (const std::string& name : accounts) {
            all.push_back(Account{.name = name,
                                  .more = "    throttle: { realm: small }",
                                  .username = name + "@mycompany"});
        }
        world.configure(all, "realms: { small: { logins: 6, per: 6s } }\n");
        const std::string directory = "state: { directory: " + world.daemon.state_folder();
        std::string yaml = read_file(world.daemon.config_file());
        yaml.insert(yaml.find(directory) + directory.size(), keys);
        world.folder.write("tokenbroker.yaml", yaml);
    }
    void start(const std::vector<std::string>& accounts = names, const std::string& keys = "") {
        configure(accounts, keys);
        world.daemon.start();
        for (const std::string& name : accounts)
            ASSERT_EQ(world.daemon.token(name, "?wait=20s").status, 200) << name;
    }
    std::string file(const std::string& name) const { return world.folder / ("state/" + name); }
    std::size_t logins(const std::string& name) const {
        return world.sandbox.count("rossum.login", name + "@mycompany").requests;
    }
    std::vector<std::size_t> all_logins() const {
        std::vector<std::size_t> each;
        for (const std::string& name : names)
            each.push_back(logins(name));
        return each;
    }
    // Lines with this event and all of `parts`.
    std::size_t said(const std::string& event, std::vector<std::string> parts = {}) const {
        parts.push_back("\"event\":\"" + event + "\"");
        return world.logged(parts);
    }
    // A key's source for the configuration.
    std::string key(const std::string& name, mode_t mode = 0600) const {
        return "{ file: " + world.folder.write(name, std::string(32, name[0]), mode) + " }";
    }
    void flip_last_byte(const std::string& name) const {
        std::string bytes = read_file(file(name));
        bytes.back() = static_cast<char>(bytes.back() ^ 1);
        world.folder.write("state/" + name, bytes);
    }

    World world{sandbox_options()};
};

TEST_F(State, sets_tokens_aside_that_were_altered_swapped_or_can_not_be_read_and_logs_in_once) {
    start();
    EXPECT_EQ(said("state_key_made", {"directory"}), 1U);
    world.daemon.stop();
    flip_last_byte("a.token");
    fs::remove(file("b.token"));
    fs::create_symlink("/etc/hostname", file("b.token"));
    start();
    EXPECT_EQ(said("token_file_set_aside", {"a.token.bad-corrupt-1"}), 1U);
    EXPECT_EQ(said("token_file_set_aside", {"b.token.bad-unreadable-1"}), 1U);
    EXPECT_TRUE(fs::exists(file("a.token.bad-corrupt-1")));
    EXPECT_TRUE(fs::is_symlink(file("b.token.bad-unreadable-1")));
    EXPECT_EQ(all_logins(), (std::vector<std::size_t>{2, 2, 1}));

    world.daemon.stop();
    fs::rename(file("a.token"), file("x"));
    fs::rename(file("c.token"), file("a.token"));
    fs::rename(file("x"), file("c.token"));
    start();
    EXPECT_EQ(said("token_file_set_aside", {"a.token.bad-foreign-1"}), 1U);
    EXPECT_EQ(said("token_file_set_aside", {"c.token.bad-foreign-1"}), 1U);
    EXPECT_EQ(all_logins(), (std::vector<std::size_t>{3, 2, 2}));
    EXPECT_EQ(said("state_key_made"), 1U) << "at the first start alone";
}

TEST_F(State, cuts_off_what_a_crash_left_of_a_ledgers_last_record_and_nothing_more) {
    start();
    world.daemon.stop();
    std::ofstream(file("ledger"), std::ios::app) << "F 00";
    start();
    EXPECT_EQ(said("ledger_tail_cut", {"\"bytes\":4"}), 1U);
    EXPECT_EQ(said("ledger_set_aside"), 0U);
    EXPECT_EQ(all_logins(), (std::vector<std::size_t>{1, 1, 1}));
    EXPECT_EQ(text(member(world.daemon.status("a"), "login", "budget", "per")), "1h");
    EXPECT_EQ(member(world.daemon.status("a"), "login", "budget", "left").to_number<int>(), 4);
}

TEST_F(State, takes_a_lost_ledger_as_all_spent_but_for_one_login_an_account_at_an_even_pace) {
    start();
    world.daemon.stop();
    world.folder.write("state/ledger", "no ledger\n");
    for (const std::string& name : names)
        fs::remove(file(name + ".token"));
    start();
    EXPECT_EQ(said("ledger_set_aside", {"ledger.bad-1"}), 1U);
    EXPECT_EQ(read_file(file("ledger.bad-1")), "no ledger\n");
    EXPECT_EQ(all_logins(), (std::vector<std::size_t>{2, 2, 2}));
    std::vector<double> at = world.sandbox.count("rossum.login").at;
    at.erase(at.begin(), at.begin() + 3);
    for (std::size_t n = 1; n < at.size(); ++n)
        EXPECT_GT(at[n] - at[n - 1], 0.9) << "six in 6 s, evenly";

    // The mark lasts over a restart, and over the loss of a token.
    world.daemon.stop();
    fs::remove(file("a.token"));
    world.daemon.start();
    EXPECT_EQ(said("ledger_set_aside"), 1U);
    EXPECT_EQ(world.daemon.token("a", "?wait=3s").status, 503);
    EXPECT_EQ(text(member(world.daemon.status("a"), "login", "waiting_for")), "account_budget");
    EXPECT_EQ(logins("a"), 2U);
}

TEST_F(State, keeps_the_token_of_an_account_that_is_not_configured) {
    start();
    world.daemon.stop();
    start({"a", "c"});
    EXPECT_EQ(said("token_without_account", {"\"account\":\"b\""}), 1U);
    world.daemon.stop();
    start();
    EXPECT_EQ(all_logins(), (std::vector<std::size_t>{1, 1, 1}));
}

TEST_F(State, moves_to_another_key_without_a_login_where_it_is_told_the_previous_one) {
    start(names, ", key: " + key("old"));
    EXPECT_EQ(said("state_key_made"), 0U);
    EXPECT_FALSE(fs::exists(file("state.key")));
    const std::string before = world.daemon.token("a").body;
    world.daemon.stop();
    start(names, ", key: " + key("new") + ", previous_key: " + key("old"));
    EXPECT_EQ(said("token_sealed_anew"), names.size());
    world.daemon.stop();
    start(names, ", key: " + key("new"));
    EXPECT_EQ(said("token_sealed_anew"), names.size());
    EXPECT_EQ(world.daemon.token("a").body, before);
    EXPECT_EQ(all_logins(), (std::vector<std::size_t>{1, 1, 1}));

    world.daemon.stop();
    start(names, ", key: " + key("third"));
    EXPECT_EQ(said("token_file_set_aside", {".token.bad-key-1"}), names.size());
    EXPECT_EQ(all_logins(), (std::vector<std::size_t>{2, 2, 2}));
}

TEST_F(State, does_not_start_with_a_key_that_others_may_read) {
    for (const std::string& member : {std::string("key"), std::string("previous_key")}) {
        configure(names, ", " + member + ": " + key("open-" + member, 0644));
        world.daemon.launch();
        const auto exit = world.daemon.process().wait(10s);
        ASSERT_TRUE(exit);
        EXPECT_EQ(exit->status, 78);
        EXPECT_EQ(world.logged({"tokenbroker.yaml:2:", "the state key " + world.folder.path(),
                                "open-" + member + " is open to others (mode 0644)"}),
                  1U)
            << world.daemon.log();
    }
}

}  // namespace
}  // namespace tokenbroker::integration
