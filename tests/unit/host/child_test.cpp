#include "host/child.hpp"

#include "host/descriptor.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace tokenbroker::host {
namespace {

ChildCommand shell(const std::string& script) {
    ChildCommand command;
    command.arguments = {"/bin/sh", "-c", script};
    command.account = "acme";
    command.timeout = std::chrono::seconds(20);
    command.capture = true;
    return command;
}

std::string output_of(const ChildCommand& command) {
    const auto outcome = run_child(command);
    EXPECT_TRUE(outcome) << outcome.error().message();
    return outcome ? std::string(outcome->output.reveal()) : "";
}

TEST(Child, gives_its_output_and_how_it_ended) {
    const auto outcome = run_child(shell("printf secret; exit 3"));
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->output.reveal(), "secret");
    EXPECT_EQ(outcome->exit_status, 3);
    EXPECT_FALSE(outcome->succeeded());
    EXPECT_EQ(outcome->text(), "exit status 3");
    EXPECT_EQ(run_child(shell("kill -SEGV $$"))->text(), "killed by SIGSEGV");
    EXPECT_TRUE(run_child(shell("true"))->succeeded());
}

TEST(Child, whose_output_nobody_wants_is_not_kept) {
    ChildCommand command = shell("echo text; echo text >&2");
    command.capture = false;
    const auto outcome = run_child(command);
    ASSERT_TRUE(outcome);
    EXPECT_TRUE(outcome->succeeded());
    EXPECT_TRUE(outcome->output.empty());
}

TEST(Child, has_three_variables_and_no_other) {
    ::setenv("PLANTED_SECRET", "hunter2", 1);
    ChildCommand command = shell("");
    command.arguments = {"/usr/bin/env"};
    const std::string environment = output_of(command);
    ::unsetenv("PLANTED_SECRET");
    EXPECT_EQ(std::count(environment.begin(), environment.end(), '\n'), 3) << environment;
    EXPECT_NE(environment.find("PATH="), std::string::npos);
    EXPECT_NE(environment.find("LANG="), std::string::npos);
    EXPECT_NE(environment.find("TOKENBROKER_ACCOUNT=acme\n"), std::string::npos);
}

TEST(Child, has_no_descriptor_of_ours) {
    const support::TempDir dir;
    // One that is not closed on exec, as a careless library leaves it.
    const Descriptor careless(::open(dir.write("token", "t").c_str(), O_RDONLY));
    const std::string open_files = output_of(shell("ls /proc/self/fd | tr '\\n' ' '"));
    // 3 is the folder that ls reads.
    EXPECT_EQ(open_files, "0 1 2 3 ");
    EXPECT_EQ(output_of(shell("readlink /proc/self/fd/0 /proc/self/fd/2")),
              "/dev/null\n/dev/null\n");
}

TEST(Child, has_default_signals_and_a_group_of_its_own) {
    const auto before = ::signal(SIGPIPE, SIG_IGN);
    sigset_t blocked;
    sigset_t old;
    ::sigfillset(&blocked);
    ::pthread_sigmask(SIG_SETMASK, &blocked, &old);
    const std::string status = output_of(shell("grep -E 'SigBlk|SigIgn' /proc/self/status"));
    ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
    ::signal(SIGPIPE, before);
    // 32 and 33 are the C library's own; it ignores them in every child.
    EXPECT_TRUE(status == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n" ||
                status == "SigBlk:\t0000000000000000\nSigIgn:\t0000000180000000\n")
        << status;
    EXPECT_EQ(output_of(shell("test $(ps -o pgid= -p $$) -eq $$ && printf own")), "own");
}

TEST(Child, that_takes_too_long_is_killed_with_all_that_it_started) {
    const support::TempDir dir;
    const std::string fifo = dir / "alive";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    const Descriptor reader(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    ChildCommand command = shell("sleep 1000 > " + fifo + " & sleep 1000 > " + fifo);
    command.timeout = std::chrono::milliseconds(300);
    const auto outcome = run_child(command);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code(), Errc::timeout);
    // The pipe ends once the last of them is dead.
    ::fcntl(reader.get(), F_SETFL, 0);
    char byte = 0;
    EXPECT_EQ(::read(reader.get(), &byte, 1), 0);
}

TEST(Child, that_leaves_a_grandchild_with_its_output_is_not_waited_for) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(output_of(shell("sleep 5 & printf done")), "done");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(4));
}

TEST(Child, may_write_as_much_as_allowed_and_no_more) {
    ChildCommand command = shell("head -c 65536 /dev/zero");
    EXPECT_EQ(output_of(command).size(), 65536U);
    const auto outcome = run_child(shell("head -c 65537 /dev/zero; sleep 1000"));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code(), Errc::too_large);
}

TEST(Child, that_can_not_be_started_says_why) {
    ChildCommand command = shell("");
    command.arguments = {"/nowhere/at/all"};
    EXPECT_EQ(run_child(command).error().code(), Errc::not_found);
    command.arguments = {"relative"};
    EXPECT_EQ(run_child(command).error().code(), Errc::invalid_input);
    const support::TempDir dir;
    command.arguments = {dir.write("not-executable", "#!/bin/sh\n")};
    EXPECT_EQ(run_child(command).error().code(), Errc::access_denied);
    EXPECT_NE(run_child(command).error().message().find("not-executable"), std::string::npos);
}

}  // namespace
}  // namespace tokenbroker::host
