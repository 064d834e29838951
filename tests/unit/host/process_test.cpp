#include "base/encode.hpp"
#include "base/secret.hpp"
#include "host/crypto.hpp"
#include "host/names.hpp"
#include "host/secret_memory.hpp"
#include "host/signals.hpp"
#include "support/await.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <set>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace tokenbroker::host {
namespace {

// What changes the whole process is tried in a process of its own. What `body` returned; -1: it
// crashed.
int in_child(int (*body)()) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(SecretMemory, takes_secrets_into_the_arena_and_gives_them_back) {
    EXPECT_EQ(in_child([] {
                  const Secret early("made before");
                  const auto report = install_secret_memory(std::size_t{256} * 1024);
                  if (report.kind == SecretMemoryKind::heap) return 2;
                  {
                      const Secret secret("in the arena");
                      if (secret_memory_use().in_arena == 0) return 3;
                      const Secret copy(early);
                      if (!(copy == early)) return 4;
                  }
                  return secret_memory_use().in_arena == 0 ? 0 : 5;
              }),
              0);
}

TEST(SecretMemory, goes_to_the_heap_where_the_arena_is_full_and_counts_what_lies_there) {
    EXPECT_EQ(in_child([] {
                  install_secret_memory(std::size_t{64} * 1024);
                  std::vector<Secret> many;
                  for (int i = 0; i < 16; ++i)
                      many.push_back(Secret(std::string(4000, 'x')));
                  const SecretMemoryUse full = secret_memory_use();
                  if (full.in_arena != 65536 || full.on_heap != 0 || full.overflowed) return 2;
                  for (int i = 0; i < 84; ++i)
                      many.push_back(Secret(std::string(4000, 'x')));
                  for (const Secret& one : many) {
                      if (one.reveal() != std::string(4000, 'x')) return 3;
                  }
                  const SecretMemoryUse over = secret_memory_use();
                  if (over.on_heap != std::size_t{84} * 4000 || !over.overflowed) return 4;
                  many.clear();
                  const SecretMemoryUse none = secret_memory_use();
                  return none.in_arena == 0 && none.on_heap == 0 && none.overflowed ? 0 : 5;
              }),
              0);
}

TEST(SecretMemory, keeps_whole_files_out_of_the_arena_and_its_resident_size_small) {
    EXPECT_EQ(in_child([] {
                  const auto resident = [] {
                      rusage usage{};
                      ::getrusage(RUSAGE_SELF, &usage);
                      return usage.ru_maxrss;  // KiB
                  };
                  const long before = resident();
                  install_secret_memory(std::size_t{16} << 20U);
                  const Secret file = Secret::of_size(std::size_t{129} * 1024);
                  const SecretMemoryUse use = secret_memory_use();
                  if (use.in_arena != 0 || use.on_heap != 0 || use.overflowed) return 2;
                  return resident() - before < 2048 ? 0 : 3;
              }),
              0);
}

TEST(SecretMemory, says_where_the_limit_leaves_it_less_or_nothing_locked) {
    EXPECT_EQ(in_child([] {
                  const rlimit some{200 * 1024, 200 * 1024};
                  ::setrlimit(RLIMIT_MEMLOCK, &some);
                  const auto report = install_secret_memory(std::size_t{1024} * 1024);
                  const bool told = report.detail.find("LimitMEMLOCK") != std::string::npos;
                  return told && report.bytes == 128 * 1024 &&
                                 report.kind == SecretMemoryKind::locked
                             ? 0
                             : 2;
              }),
              0);
    EXPECT_EQ(in_child([] {
                  if (::setgid(65534) != 0 || ::setuid(65534) != 0) return 0;
                  const rlimit nothing{0, 0};
                  ::setrlimit(RLIMIT_MEMLOCK, &nothing);
                  const auto report = install_secret_memory(std::size_t{1024} * 1024);
                  const bool told =
                      report.kind == SecretMemoryKind::unlocked && !report.detail.empty();
                  return told && Secret("works").reveal() == "works" ? 0 : 2;
              }),
              0);
}

TEST(Hardening, forbids_dumps_and_ignores_broken_pipes) {
    EXPECT_EQ(in_child([] {
                  if (!harden_process()) return 2;
                  rlimit core{};
                  ::getrlimit(RLIMIT_CORE, &core);
                  if (core.rlim_max != 0 || ::prctl(PR_GET_DUMPABLE) != 0) return 3;
                  ::raise(SIGPIPE);
                  return 0;
              }),
              0);
}

TEST(DescriptorLimit, is_raised_to_the_hard_one) {
    EXPECT_EQ(in_child([] {
                  const rlimit low{64, 512};
                  ::setrlimit(RLIMIT_NOFILE, &low);
                  const auto raised = raise_descriptor_limit();
                  rlimit now{};
                  ::getrlimit(RLIMIT_NOFILE, &now);
                  return raised && *raised == 512 && now.rlim_cur == 512 ? 0 : 2;
              }),
              0);
}

TEST(DescriptorLimit, under_128_is_a_mistake) {
    EXPECT_EQ(in_child([] {
                  const rlimit low{64, 127};
                  ::setrlimit(RLIMIT_NOFILE, &low);
                  const auto raised = raise_descriptor_limit();
                  return !raised && raised.error().code() == Errc::misconfigured ? 0 : 2;
              }),
              0);
}

TEST(Names, are_found_both_ways) {
    const auto root = find_user("root");
    ASSERT_TRUE(root);
    EXPECT_EQ(root->uid, 0U);
    EXPECT_EQ(find_user(uid_t{0})->name, "root");
    EXPECT_EQ(find_group(find_group(gid_t{0})->name)->gid, 0U);
}

TEST(Names, that_nobody_knows_are_told_from_a_service_that_failed) {
    EXPECT_EQ(find_user("no-such-user-here").error().code(), Errc::not_found);
    EXPECT_EQ(find_group("no-such-group-here").error().code(), Errc::not_found);
    EXPECT_EQ(find_user(uid_t{4'000'000'123}).error().code(), Errc::not_found);
}

TEST(SignalsOfTheProcess, arrive_one_by_one_and_none_is_lost) {
    boost::asio::io_context loop{1};
    Signals signals(loop.get_executor());
    ::raise(SIGTERM);
    ::raise(SIGHUP);
    ::raise(SIGINT);
    std::multiset<Signal> seen;
    for (int i = 0; i < 3; ++i)
        seen.insert(support::await(loop, signals.next()));
    EXPECT_EQ(seen, (std::multiset<Signal>{Signal::stop, Signal::stop, Signal::reload}));
}

TEST(Crypto, agrees_with_the_published_examples) {
    // RFC 4231, case 2.
    EXPECT_EQ(hex_encode(hmac_sha256(Secret("Jefe"), "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(hex_encode(sha256("abc")),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    // RFC 5869, case 3: no salt, no info.
    EXPECT_EQ(hex_encode(derive_key(Secret(std::string(22, '\x0b')), "").reveal()),
              "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

TEST(Crypto, draws_from_zero_to_below_one) {
    double least = 1;
    double most = 0;
    for (int i = 0; i < 10'000; ++i) {
        const double drawn = random_fraction();
        ASSERT_GE(drawn, 0.0);
        ASSERT_LT(drawn, 1.0);
        least = std::min(least, drawn);
        most = std::max(most, drawn);
    }
    EXPECT_LT(least, 0.01);
    EXPECT_GT(most, 0.99);
}

}  // namespace
}  // namespace tokenbroker::host
