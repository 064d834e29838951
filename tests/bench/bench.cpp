// Measures the path that every client takes, side by side in one run with a bare epoll loop (the
// floor) and nginx. See README.md for how to run it and how to read it.

#include "bench/load.hpp"
#include "integration/world.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <sched.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace tokenbroker::bench {
namespace {

using integration::Account;
using integration::World;

constexpr std::size_t server_cpu = 1;
constexpr std::size_t client_cpu = 0;
constexpr double quiet = 0.12;  // a run beside more other work than this is done again
constexpr int tries = 4;
constexpr const char* nginx = "/usr/sbin/nginx";

struct Options {
    int rounds = 5;
    std::size_t requests = 100'000;
    std::size_t streams = 2000;
};

struct Server {
    std::string name;
    std::string socket;
    std::string request;
    std::string body;
    pid_t pid = 0;
};

struct Way {
    const char* name;
    std::size_t connections;
    bool one_shot;
    double part;  // of the requests
};
constexpr std::array ways{Way{"16 keep-alive connections", 16, false, 1},
                          Way{"1 keep-alive connection", 1, false, 0.4},
                          Way{"16 at a time, a connection for each request", 16, true, 0.4}};

void pin(pid_t pid, std::size_t cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (::sched_setaffinity(pid, sizeof(set), &set) != 0) std::perror("bench: pinning");
}

Load quiet_load(const LoadPlan& plan) {
    Load best = run_load(plan);
    for (int again = 1; again < tries && best.others > quiet; ++again) {
        const Load next = run_load(plan);
        if (next.others < best.others) best = next;
    }
    return best;
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

support::Process start_floor(const support::TempDir& folder, const std::string& body_file) {
    support::Process::Options options;
    options.argv = {BENCH_FLOOR, folder / "floor.sock", body_file};
    options.output_file = folder / "floor.out";
    return support::Process(options);
}

support::Process start_nginx(const support::TempDir& folder, const std::string& body) {
    const std::string prefix = folder.path();
    std::string escaped;
    for (const char letter : body)
        escaped += letter == '\'' ? "\\'" : std::string(1, letter);
    folder.write("nginx.conf",
                 "daemon off; master_process off; pid " + prefix + "/nginx.pid; error_log " +
                     prefix +
                     "/nginx.log crit;\nevents { worker_connections 4096; }\nhttp { access_log "
                     "off; keepalive_requests 1000000000;\n"
                     "client_body_temp_path " +
                     prefix + "/n1; proxy_temp_path " + prefix + "/n2; fastcgi_temp_path " +
                     prefix + "/n3; uwsgi_temp_path " + prefix + "/n4; scgi_temp_path " + prefix +
                     "/n5;\nserver { listen unix:" + prefix +
                     "/nginx.sock; location / { default_type application/json; return 200 '" +
                     escaped + "'; } } }\n");
    support::Process::Options options;
    options.argv = {nginx, "-p", prefix, "-c", prefix + "/nginx.conf"};
    options.output_file = folder / "nginx.out";
    options.error_file = folder / "nginx.err";
    return support::Process(options);
}

void wait_for(const std::string& socket) {
    if (!support::eventually(std::chrono::seconds(10),
                             [&] { return ::access(socket.c_str(), F_OK) == 0; })) {
        throw std::runtime_error("nothing listens on " + socket);
    }
}

std::string ten_accounts(World& world) {
    std::vector<Account> accounts;
    for (int number = 0; number < 10; ++number) {
        accounts.push_back(
            Account{.name = "account-" + std::to_string(number),
                    .allow = "[ { user: root }, { uid: " + std::to_string(::getuid()) + " } ]"});
    }
    world.configure(accounts);
    // The log of tests is at level trace; a service's is not.
    std::string yaml = support::read_file(world.daemon.config_file());
    yaml.replace(yaml.find("level: trace"), 12, "level: info");
    world.folder.write("tokenbroker.yaml", yaml);
    world.daemon.start();
    for (const Account& account : accounts) {
        if (world.daemon.token(account.name, "?wait=30s").status != 200)
            throw std::runtime_error("no token for " + account.name);
    }
    return world.daemon.token("account-0").body;
}

void print_table(const std::vector<Server>& servers,
                 const std::map<std::string, std::vector<Load>>& measured) {
    for (const Way& way : ways) {
        std::printf(
            "\n### %s\n\n| server | requests/s | p50 us | p99 us | p99.9 us | server CPU "
            "us/request | of nginx's | of the floor's | noise |\n"
            "|---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
            way.name);
        const auto values = [&](const std::string& server, auto member) {
            std::vector<double> list;
            for (const Load& load : measured.at(server + way.name))
                list.push_back(load.*member);
            return list;
        };
        // Ratios within each round: a slow minute of the machine is slow for both.
        const auto ratio = [&](const std::string& server, const std::string& other) -> std::string {
            if (!measured.contains(other + way.name)) return "-";
            const auto ours = values(server, &Load::server_cpu);
            const auto theirs = values(other, &Load::server_cpu);
            std::vector<double> ratios;
            for (std::size_t round = 0; round < ours.size(); ++round)
                ratios.push_back(ours[round] / theirs[round]);
            std::array<char, 32> shown{};
            std::snprintf(shown.data(), shown.size(), "%.2f", median(ratios));
            return shown.data();
        };
        for (const Server& server : servers) {
            std::printf(
                "| %s | %.0f | %.1f | %.1f | %.1f | %.2f | %s | %s | %.2f |\n", server.name.c_str(),
                median(values(server.name, &Load::requests_per_second)),
                median(values(server.name, &Load::p50)), median(values(server.name, &Load::p99)),
                median(values(server.name, &Load::p999)),
                median(values(server.name, &Load::server_cpu)), ratio(server.name, "nginx").c_str(),
                ratio(server.name, "floor").c_str(), median(values(server.name, &Load::others)));
        }
    }
}

void print_memory(const World& world) {
    const support::Resident memory = support::resident(world.daemon.process_id());
    std::printf("resident memory %zu kB, of which %zu kB its own\n", memory.all / 1024,
                memory.own / 1024);
}

// Of a daemon of their own: after a load much of what they need would be there already.
void streams(std::size_t count) {
    const rlimit limit{20000, 20000};
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        std::printf("\n%zu streams: not measured, the limit of descriptors can't be raised\n",
                    count);
        return;
    }
    World world({"--rossum-rate", "0"});
    ten_accounts(world);
    const pid_t pid = world.daemon.process_id();
    const std::size_t before = support::resident(pid).own;
    std::vector<support::UnixConnection> readers;
    for (std::size_t number = 0; number < count; ++number) {
        readers.emplace_back(world.daemon.socket());
        readers.back().send("GET /v1/accounts/account-0/token/events HTTP/1.1\r\nHost: x\r\n\r\n");
        readers.back().read_answer();
        readers.back().read_event();
    }
    const std::size_t with = support::resident(pid).own;
    const auto cpu = support::cpu_time(pid);
    std::this_thread::sleep_for(std::chrono::seconds(16));  // one heartbeat
    const double idle =
        std::chrono::duration<double, std::milli>(support::cpu_time(pid) - cpu).count();
    std::printf(
        "\n%zu idle event streams: memory of its own %zu -> %zu kB, %.2f kB a stream; CPU in 16 s "
        "with one heartbeat each: %.0f ms\n",
        count, before / 1024, with / 1024,
        static_cast<double>(with - before) / 1024.0 / static_cast<double>(count), idle);
}

void run(const Options& options) {
    World world({"--rossum-rate", "0"});
    const std::string body = ten_accounts(world);
    std::printf("daemon %s with 10 accounts: ", support::daemon_program().c_str());
    print_memory(world);
    // What start-up needed goes within 10 s.
    std::this_thread::sleep_for(std::chrono::seconds(12));
    std::printf("at rest: ");
    print_memory(world);

    const std::string body_file = world.folder.write("body", body);
    const support::Process floor = start_floor(world.folder, body_file);
    wait_for(world.folder / "floor.sock");
    std::vector<Server> servers{
        {"floor", world.folder / "floor.sock", "GET /token HTTP/1.1\r\nHost: localhost\r\n\r\n",
         body, floor.pid()},
        {"tokenbrokerd", world.daemon.socket(),
         "GET /v1/accounts/account-0/token HTTP/1.1\r\nHost: localhost\r\n\r\n", body,
         world.daemon.process_id()}};
    support::Process nginx_process;
    if (::access(nginx, X_OK) == 0) {
        nginx_process = start_nginx(world.folder, body);
        wait_for(world.folder / "nginx.sock");
        servers.push_back({"nginx", world.folder / "nginx.sock",
                           "GET /token HTTP/1.1\r\nHost: localhost\r\n\r\n", body,
                           nginx_process.pid()});
    } else {
        std::printf("nginx is not installed: measured without it\n");
    }
    for (const Server& server : servers)
        pin(server.pid, server_cpu);
    pin(0, client_cpu);

    std::map<std::string, std::vector<Load>> measured;
    for (int round = 0; round < options.rounds; ++round) {
        for (const Way& way : ways) {
            for (std::size_t turn = 0; turn < servers.size(); ++turn) {
                const Server& server =
                    servers[(turn + static_cast<std::size_t>(round)) % servers.size()];
                LoadPlan plan{
                    server.socket,
                    server.request,
                    server.body,
                    way.connections,
                    static_cast<std::size_t>(static_cast<double>(options.requests) * way.part),
                    way.one_shot,
                    server.pid};
                const Load load = quiet_load(plan);
                measured[server.name + way.name].push_back(load);
                std::fprintf(stderr,
                             "round %d, %s, %s: %.0f requests/s, %.2f us of CPU, noise %.2f\n",
                             round + 1, way.name, server.name.c_str(), load.requests_per_second,
                             load.server_cpu, load.others);
            }
        }
    }
    print_table(servers, measured);
    std::printf("\nafter the load: ");
    print_memory(world);
    streams(options.streams);
}

}  // namespace
}  // namespace tokenbroker::bench

int main(int argc, char** argv) {
    tokenbroker::bench::Options options;
    for (int at = 1; at < argc; at += 2) {
        const bool value = at + 1 < argc;
        if (value && std::strcmp(argv[at], "--rounds") == 0) {
            options.rounds = std::atoi(argv[at + 1]);
        } else if (value && std::strcmp(argv[at], "--requests") == 0) {
            options.requests = static_cast<std::size_t>(std::atol(argv[at + 1]));
        } else if (value && std::strcmp(argv[at], "--streams") == 0) {
            options.streams = static_cast<std::size_t>(std::atol(argv[at + 1]));
        } else {
            std::fprintf(
                stderr,
                "usage: tokenbroker_bench [--rounds 5] [--requests 100000] [--streams 2000]\n");
            return 2;
        }
    }
    try {
        tokenbroker::bench::run(options);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "tokenbroker_bench: %s\n", failure.what());
        return 1;
    }
    return 0;
}
