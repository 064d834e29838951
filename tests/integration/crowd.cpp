#include "integration/crowd.hpp"

#include "integration/twins.hpp"

#include <cerrno>
#include <chrono>
#include <grp.h>
#include <memory>
#include <poll.h>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace tokenbroker::integration {

using support::UnixConnection;
using namespace std::chrono_literals;

namespace {

bool may_stay(int leave) {
    pollfd told{leave, POLLIN, 0};
    return ::poll(&told, 1, 0) == 0;
}

[[noreturn]] void crowd_process(const Crowd::Begin& begin, Crowd::Count& done, int ready,
                                int leave) {
    prefer(0, Urgency::crowd);
    if (::setgroups(0, nullptr) != 0 || ::setgid(Crowd::uid) != 0 || ::setuid(Crowd::uid) != 0)
        ::_exit(1);
    try {
        Crowd::Turn turn = begin(done);
        (void)!::write(ready, "x", 1);
        while (may_stay(leave)) {
            if (turn && turn()) continue;
            pollfd told{leave, POLLIN, 0};
            ::poll(&told, 1, -1);
        }
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "the crowd: %s\n", failure.what());
        ::_exit(1);
    }
    ::_exit(0);
}

}  // namespace

Crowd::Crowd(const Begin& begin) {
    void* shared =
        ::mmap(nullptr, sizeof(Count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || ::pipe(ready_.data()) != 0 || ::pipe(leave_.data()) != 0)
        throw std::runtime_error("a crowd's pipes");
    done_ = new (shared) Count(0);
    process_ = ::fork();
    if (process_ == 0) {
        ::close(ready_[0]);
        ::close(leave_[1]);
        crowd_process(begin, *done_, ready_[1], leave_[0]);
    }
    ::close(std::exchange(ready_[1], -1));
    ::close(std::exchange(leave_[0], -1));
    pollfd waits{ready_[0], POLLIN, 0};
    char byte = 0;
    if (::poll(&waits, 1, 60'000) != 1 || ::read(ready_[0], &byte, 1) != 1)
        throw std::runtime_error("the crowd does not get ready");
}

Crowd::~Crowd() {
    ::close(leave_[1]);
    ::close(ready_[0]);
    ::waitpid(process_, nullptr, 0);
    ::munmap(done_, sizeof(Count));
}

namespace attack {
namespace {

using Connections = std::shared_ptr<std::vector<UnixConnection>>;

Connections open_all(const std::string& socket, std::size_t count, const std::string& first,
                     Crowd::Count& done) {
    auto all = std::make_shared<std::vector<UnixConnection>>();
    all->reserve(count);
    for (std::size_t number = 0; number < count; ++number) {
        try {
            all->emplace_back(socket, 2s);
        } catch (const std::exception&) {
            continue;  // turned away is an answer too
        }
        if (!first.empty()) all->back().send_some(first);
        ++done;
    }
    return all;
}

// What has come, dropped. False: the other side has closed.
bool drain(int socket, Crowd::Count& done) {
    static std::vector<char> sink(1U << 16U);
    while (true) {
        const ssize_t got = ::recv(socket, sink.data(), sink.size(), MSG_DONTWAIT);
        if (got <= 0) return got < 0 && errno == EAGAIN;
        ++done;
    }
}

}  // namespace

Crowd::Begin connections(std::string socket, std::size_t count, std::string first) {
    return [socket = std::move(socket), count, first = std::move(first)](Crowd::Count& done) {
        return [all = open_all(socket, count, first, done)] { return false; };
    };
}

Crowd::Begin half_closed(std::string socket, std::size_t count, std::string first) {
    return [socket = std::move(socket), count, first = std::move(first)](Crowd::Count& done) {
        const Connections all = open_all(socket, count, first, done);
        for (UnixConnection& connection : *all)
            connection.half_close();
        return [all] { return false; };
    };
}

Crowd::Begin flood(std::string socket, std::size_t count, std::string bytes) {
    return [socket = std::move(socket), count, bytes = std::move(bytes)](Crowd::Count& done) {
        auto all = std::make_shared<std::vector<std::unique_ptr<UnixConnection>>>(count);
        return [=, &done] {
            for (auto& connection : *all) {
                try {
                    if (!connection) connection = std::make_unique<UnixConnection>(socket, 100ms);
                } catch (const std::exception&) {
                    continue;  // the listener's queue is full
                }
                connection->send_some(bytes);
                if (!drain(connection->descriptor(), done)) connection.reset();
            }
            return true;
        };
    };
}

Crowd::Begin ask_on_each(std::string socket, std::size_t count) {
    return [socket = std::move(socket), count](Crowd::Count& done) {
        const Connections all = open_all(socket, count, request, done);
        const int events = ::epoll_create1(EPOLL_CLOEXEC);
        for (std::size_t number = 0; number < all->size(); ++number) {
            epoll_event wanted{};
            wanted.events = EPOLLIN;
            wanted.data.u64 = number;
            ::epoll_ctl(events, EPOLL_CTL_ADD, (*all)[number].descriptor(), &wanted);
        }
        return [all, events, &done] {
            std::array<epoll_event, 64> ready{};
            const int count_of_ready = ::epoll_wait(events, ready.data(), ready.size(), 100);
            for (int at = 0; at < count_of_ready; ++at) {
                UnixConnection& connection =
                    (*all)[ready.at(static_cast<std::size_t>(at)).data.u64];
                if (drain(connection.descriptor(), done)) {
                    connection.send_some(request);
                } else {
                    ::epoll_ctl(events, EPOLL_CTL_DEL, connection.descriptor(), nullptr);
                }
            }
            return true;
        };
    };
}

Crowd::Begin one_at_a_time(std::string socket, std::size_t count, std::string bytes) {
    return [socket = std::move(socket), count, bytes = std::move(bytes)](Crowd::Count& done) {
        const Connections all = open_all(socket, count, "", done);
        return [all, bytes, &done] {
            for (UnixConnection& connection : *all)
                connection.send(bytes);
            for (UnixConnection& connection : *all) {
                if (connection.read_answer().status != 200) return false;
                ++done;
            }
            return true;
        };
    };
}

Crowd::Begin one_shot(std::string socket, std::string bytes) {
    return [socket = std::move(socket), bytes = std::move(bytes)](Crowd::Count& done) {
        return [=, &done] {
            try {
                UnixConnection connection(socket, 1s);
                connection.send_some(bytes);
                ++done;
            } catch (const std::exception&) {
                // The listener's queue is full.
            }
            return true;
        };
    };
}

Crowd::Begin drip(std::string socket, std::size_t count, std::string bytes) {
    return [socket = std::move(socket), count, bytes = std::move(bytes)](Crowd::Count& done) {
        const Connections all = open_all(socket, count, "", done);
        return [all, bytes, at = std::size_t{0}]() mutable {
            for (UnixConnection& connection : *all)
                connection.send_some(std::string_view(bytes).substr(at % bytes.size(), 1));
            ++at;
            std::this_thread::sleep_for(1s);
            return true;
        };
    };
}

}  // namespace attack

}  // namespace tokenbroker::integration
