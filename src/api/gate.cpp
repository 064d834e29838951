#include "api/gate.hpp"

#include "base/error.hpp"
#include "host/peer.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <utility>

namespace tokenbroker::api {
namespace {

constexpr int accepts_a_turn = 2;
// Descriptors kept for files and upstreams.
constexpr std::size_t kept_descriptors = 64;
// Of those, what peers one too many may take while they are told so.
constexpr std::size_t lobby_places = 16;
constexpr std::size_t metrics_places = 16;
constexpr Milliseconds complaint_interval = std::chrono::minutes(1);

}  // namespace

std::size_t connections_allowed(const Limits& limits) {
    rlimit descriptors{};
    if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0 || descriptors.rlim_cur == RLIM_INFINITY) {
        return limits.connections;
    }
    const std::size_t all = descriptors.rlim_cur;
    const std::size_t left = all > 2 * kept_descriptors ? all - kept_descriptors : kept_descriptors;
    // Where the kernel can't name a peer's process later, each connection holds a handle of it.
    return std::min(limits.connections, host::kernel_names_processes() ? left : left / 2);
}

Gate::Gate(Common& common, Handler& handler, Logger& log, Listener listener, Kind kind)
    : common_(common), handler_(handler), log_(log), listener_(std::move(listener)), kind_(kind) {}

Gate::~Gate() {
    if (paused_) common_.clock.cancel_alarm(*paused_);
}

void Gate::open() {
    if (!common_.poller.add(listener_.fd(), *this, EPOLLIN)) {
        throw ErrorException(system_error("waiting for connections", errno));
    }
    open_ = true;
}

void Gate::go_on() {
    paused_.reset();
    if (!common_.poller.add(listener_.fd(), *this, EPOLLIN)) pause(errno);
}

void Gate::close() {
    if (!std::exchange(open_, false)) return;
    if (paused_) {
        common_.clock.cancel_alarm(*std::exchange(paused_, std::nullopt));
    } else {
        common_.poller.remove(listener_.fd(), *this);
    }
    listener_.shut();
    while (!listener_.is_handed_over() && accept_one()) {
    }
    listener_.close();
}

void Gate::on_ready(std::uint32_t) {
    for (int i = 0; i < accepts_a_turn && accept_one(); ++i)
        common_.poller.look_again();
}

bool Gate::accept_one() {
    const int fd = ::accept4(listener_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        switch (errno) {
            case EAGAIN:
                return false;
            case EINTR:
            case ECONNABORTED:
            case EPROTO:
                return true;
            case EMFILE:
            case ENFILE:
            case ENOBUFS:
            case ENOMEM:
                pause(errno);
                return false;
            default:
                if (!open_) return false;  // shut, and nobody is left in the backlog
                throw ErrorException(system_error("accepting a connection", errno));
        }
    }
    ++common_.series.connections_accepted;
    host::Descriptor socket(fd);
    if (kind_ == Kind::peers) {
        welcome_peer(std::move(socket));
    } else {
        welcome_metrics(std::move(socket));
    }
    return true;
}

void Gate::welcome_peer(host::Descriptor socket) {
    auto peer = host::read_peer(socket.get());
    if (!peer) return;
    const uid_t uid = peer->uid;
    host::ProcessHandle held;
    if (!host::kernel_names_processes() && peer->pid > 0) {
        if (auto process = host::hold_process(peer->pid)) held = std::move(*process);
    }
    Caller caller(std::move(*peer), socket.get(), std::move(held), common_.now.boot);
    if (!common_.peers.enter(uid, common_.limits.connections))
        return turn_away(std::move(socket), std::move(caller));
    admit(std::move(socket), std::move(caller), Seat::peer);
}

void Gate::welcome_metrics(host::Descriptor socket) {
    if (common_.metrics_peers >= metrics_places) return;
    ++common_.metrics_peers;
    admit(std::move(socket), std::nullopt, Seat::metrics);
}

void Gate::turn_away(host::Descriptor socket, std::optional<Caller> caller) {
    ++common_.series.connections_refused;
    if (common_.lobby >= lobby_places) return;
    ++common_.lobby;
    admit(std::move(socket), std::move(caller), Seat::lobby);
}

void Gate::admit(host::Descriptor socket, std::optional<Caller> caller, Seat seat) {
    Connection& connection = common_.keep(std::make_unique<Connection>(
        common_, handler_, std::move(socket), std::move(caller), seat));
    if (seat == Seat::lobby) return connection.refuse(too_many_connections());
    connection.start();
}

void Gate::pause(int error) {
    ++common_.series.accept_failures;
    if (!last_complaint_ || common_.now.boot - *last_complaint_ >= complaint_interval) {
        last_complaint_ = common_.now.boot;
        log_.warn("accept_paused",
                  "new connections wait: " + system_error("accept", error).message(),
                  {{"connections", common_.connections.size()}});
    }
    if (paused_ || !open_) return;
    common_.poller.remove(listener_.fd(), *this);
    const BootTime until = saturating_add(common_.now.boot, common_.limits.accept_pause);
    paused_ = common_.clock.set_alarm(until, [this] { go_on(); });
}

}  // namespace tokenbroker::api
