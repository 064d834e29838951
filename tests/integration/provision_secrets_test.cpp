// Where `tokenctl provision` takes secrets from, and where it puts them.

#include "integration/provisioning.hpp"
#include "support/terminal.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::integration {
namespace {

constexpr const char* admin_password = "sandbox-admin-password";
constexpr const char* new_password = "Tr4vel-Kettle-Oboe";

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}
mode_t mode_of(const std::string& path) {
    struct stat facts {};
    EXPECT_EQ(::stat(path.c_str(), &facts), 0) << path;
    return facts.st_mode & 07777U;
}

// `provision rossum` with all that is no secret.
Words rossum(const World& world) {
    return with(provision(world, "rossum"), rossum_user("robot@mycompany"));
}

// Asked with a terminal there.
TerminalProcess asking(const World& world, const Words& words) {
    return TerminalProcess(with({TOKENCTL}, words), tokenctl_environment(world));
}

TEST(ProvisionPrompt, shows_nothing_of_what_is_typed) {
    World world;
    TerminalProcess terminal = asking(world, rossum(world));
    EXPECT_TRUE(terminal.echoes());
    for (const auto& [prompt, answer] :
         {std::pair("admin_password: ", admin_password), std::pair("password: ", new_password),
          std::pair("password, again: ", new_password)}) {
        ASSERT_TRUE(terminal.shows(prompt)) << terminal.shown();
        EXPECT_FALSE(terminal.echoes());
        terminal.type(std::string(answer) + "\n");
    }
    const Exit exit = terminal.ended();
    EXPECT_EQ(exit.status, 0) << terminal.shown();
    EXPECT_TRUE(terminal.echoes());
    EXPECT_FALSE(holds(terminal.shown(), admin_password)) << terminal.shown();
    EXPECT_FALSE(holds(terminal.shown(), new_password)) << terminal.shown();
    EXPECT_TRUE(holds(terminal.shown(), "accounts:"));
    EXPECT_EQ(world.sandbox.count("rossum.users").ok, 1U);
}

TEST(ProvisionPrompt, puts_the_terminal_right_when_it_is_interrupted) {
    for (const auto& [key, signal] : {std::pair("\x03", SIGINT), std::pair("\x1c", SIGQUIT)}) {
        World world;
        TerminalProcess terminal = asking(world, rossum(world));
        ASSERT_TRUE(terminal.shows("admin_password: ")) << terminal.shown();
        terminal.type(std::string("half") + key);
        EXPECT_EQ(terminal.ended().signal, signal) << terminal.shown();
        EXPECT_TRUE(terminal.echoes());
        EXPECT_FALSE(holds(terminal.shown(), "half"));
        EXPECT_TRUE(world.sandbox.events().empty());
    }
}

TEST(ProvisionPrompt, asks_again_after_a_stop) {
    World world;
    TerminalProcess terminal =
        asking(world, with(rossum(world), {"--generate-password", generated(world)}));
    ASSERT_TRUE(terminal.shows("admin_password: ")) << terminal.shown();
    terminal.type("half\x1a");  // nobody could let it go on here, so the kernel does not stop it
    ASSERT_TRUE(terminal.shows("admin_password: ")) << terminal.shown();
    terminal.type(std::string(admin_password) + "\n");
    EXPECT_EQ(terminal.ended().status, 0) << terminal.shown();
}

TEST(ProvisionPrompt, wants_a_new_password_twice_and_none_empty) {
    World world;
    const Words words = with(provision_as_admin(world, "rossum"), rossum_user("robot@mycompany"));
    TerminalProcess twice = asking(world, words);
    ASSERT_TRUE(twice.shows("password: "));
    twice.type(std::string(new_password) + "\n");
    ASSERT_TRUE(twice.shows("password, again: "));
    twice.type("another\n");
    EXPECT_EQ(twice.ended().status, 1);
    EXPECT_TRUE(holds(twice.shown(), "the two differ")) << twice.shown();

    TerminalProcess empty = asking(world, words);
    ASSERT_TRUE(empty.shows("password: "));
    empty.type("\n");
    EXPECT_EQ(empty.ended().status, 1);
    EXPECT_TRUE(world.sandbox.events().empty());
}

TEST(ProvisionSecrets, are_never_taken_from_the_command_line) {
    World world;
    for (const Words& given : {Words{"--admin-password", admin_password},
                               Words{std::string("--admin-password=") + admin_password}}) {
        const Ran refused = tokenctl(world, with(rossum(world), given));
        EXPECT_EQ(refused.exit.status, 2);
        EXPECT_TRUE(holds(refused.errors, "--admin-password-file")) << refused.errors;
        EXPECT_FALSE(holds(refused.errors, admin_password)) << refused.errors;
    }
    EXPECT_TRUE(world.sandbox.events().empty());
}

TEST(ProvisionSecrets, come_from_standard_input_a_file_or_a_variable) {
    World both_from_input;
    const Ran piped = tokenctl(
        both_from_input,
        with(rossum(both_from_input), {"--admin-password-file", "-", "--password-file", "-"}),
        std::string(admin_password) + "\n" + new_password + "\n");
    EXPECT_EQ(piped.exit.status, 0) << piped.errors;
    EXPECT_TRUE(holds(piped.output, "{ credential: rossum }"))
        << "it is nowhere yet: " << piped.output;

    World world;
    auto environment = tokenctl_environment(world);
    environment["ADMIN"] = admin_password;
    environment["NEW"] = new_password;
    const Ran from_variables = run(with(with({TOKENCTL}, rossum(world)),
                                        {"--admin-password-env", "ADMIN", "--password-env", "NEW"}),
                                   environment);
    ASSERT_EQ(from_variables.exit.status, 0) << from_variables.errors;
    EXPECT_TRUE(holds(from_variables.output, "password: { env: NEW }")) << from_variables.output;
    world.daemon.configure(from_variables.output);
    world.daemon.start({{"NEW", new_password}});
    EXPECT_EQ(world.daemon.token("rossum").status, 200) << world.daemon.log();

    World filed;
    const std::string file = filed.folder.write("new password", std::string(new_password) + "\n");
    const Ran from_file =
        tokenctl(filed, with(with(provision_as_admin(filed, "rossum"), rossum_user("a@mycompany")),
                             {"--password-file", file}));
    ASSERT_EQ(from_file.exit.status, 0) << from_file.errors;
    EXPECT_EQ(token_with(filed, from_file.output, "rossum").status, 200)
        << from_file.output << filed.daemon.log();
}

TEST(ProvisionSecrets, that_can_t_be_read_are_a_failure) {
    World world;
    const std::string empty = world.folder.write("empty", "");
    const std::vector<Words> sources = {{"--admin-password-file", world.folder / "missing"},
                                        {"--admin-password-file", world.folder.path()},
                                        {"--admin-password-file", empty},
                                        {"--admin-password-env", "NO_SUCH_VARIABLE"}};
    for (const Words& source : sources) {
        const Ran failed = tokenctl(
            world, with(with(rossum(world), source), {"--generate-password", generated(world)}));
        EXPECT_EQ(failed.exit.status, 1) << failed.errors;
        EXPECT_TRUE(holds(failed.errors, "--admin-password")) << failed.errors;
    }
    EXPECT_TRUE(world.sandbox.events().empty());
    EXPECT_EQ(read_file(generated(world)), "");
}

TEST(ProvisionSecrets, that_are_generated_are_written_for_one_s_own_eyes_and_never_over_another) {
    World world;
    const Words words = with(with(provision_as_admin(world, "rossum"), rossum_user("a@mycompany")),
                             {"--generate-password", generated(world)});
    const Ran made = tokenctl(world, words);
    ASSERT_EQ(made.exit.status, 0) << made.errors;
    EXPECT_EQ(mode_of(generated(world)), 0600U);

    const std::string before = read_file(generated(world));
    const std::size_t asked = world.sandbox.events().size();
    const Ran again = tokenctl(world, words);
    EXPECT_EQ(again.exit.status, 1);
    EXPECT_TRUE(holds(again.errors, generated(world))) << again.errors;
    EXPECT_EQ(read_file(generated(world)), before);
    EXPECT_EQ(world.sandbox.events().size(), asked) << "nothing is sent";
}

TEST(ProvisionSecrets, are_sealed_by_systemd_creds_where_that_is_asked_for) {
    World world;
    const Ran probe =
        run({"/usr/bin/env", "systemd-creds", "encrypt", "--name=x", "-", "-"}, {}, "x");
    if (probe.exit.status != 0) GTEST_SKIP() << "systemd-creds can't seal here: " << probe.errors;

    const Ran made = tokenctl(
        world, with(with(provision_as_admin(world, "rossum"), rossum_user("a@mycompany")),
                    {"--generate-password", generated(world), "--credential", "rossum-robot"}));
    ASSERT_EQ(made.exit.status, 0) << made.errors;
    EXPECT_EQ(mode_of(generated(world)), 0600U);
    EXPECT_TRUE(holds(made.output, "password: { credential: rossum-robot }")) << made.output;
    EXPECT_TRUE(holds(made.output, "LoadCredentialEncrypted=rossum-robot:" + generated(world)))
        << made.output;

    // What systemd does with it before it starts the daemon.
    const Ran opened = run(
        {"/usr/bin/env", "systemd-creds", "decrypt", "--name=rossum-robot", generated(world), "-"});
    ASSERT_EQ(opened.exit.status, 0) << opened.errors;
    EXPECT_FALSE(holds(read_file(generated(world)), opened.output));
    const std::string credentials = world.folder.make_folder("credentials");
    world.folder.write("credentials/rossum-robot", opened.output);
    world.daemon.configure(made.output);
    world.daemon.start({{"CREDENTIALS_DIRECTORY", credentials}});
    EXPECT_EQ(world.daemon.token("rossum").status, 200) << world.daemon.log();
}

TEST(ProvisionSecrets, are_not_made_where_systemd_creds_is_missing) {
    World world;
    auto environment = tokenctl_environment(world);
    environment["PATH"] = world.folder.path();
    const Ran failed =
        run(with(with({TOKENCTL}, provision_as_admin(world, "rossum")),
                 with(rossum_user("a@mycompany"),
                      {"--generate-password", generated(world), "--credential", "rossum-robot"})),
            environment);
    EXPECT_EQ(failed.exit.status, 1);
    EXPECT_TRUE(holds(failed.errors, "systemd-creds could not be started")) << failed.errors;
    EXPECT_EQ(read_file(generated(world)), "");
    EXPECT_TRUE(world.sandbox.events().empty());
}

}  // namespace
}  // namespace tokenbroker::integration
