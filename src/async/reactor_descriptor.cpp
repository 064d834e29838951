#include "async/reactor_descriptor.hpp"

#include <boost/asio/detail/epoll_reactor.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/query.hpp>

namespace tokenbroker::async {
namespace {

namespace asio = boost::asio;
using Reactor = asio::detail::epoll_reactor;

// Asio keeps its epoll set to itself (1.81). An explicit instantiation may name a private member;
// where it has another name, this does not compile.
int Reactor::*epoll_set();
template <int Reactor::*Member>
struct Opened {
    friend int Reactor::*epoll_set() { return Member; }
};
template struct Opened<&Reactor::epoll_fd_>;

}  // namespace

int reactor_descriptor(const asio::any_io_executor& executor) {
    asio::execution_context& loop = asio::query(executor, asio::execution::context);
    auto& reactor = asio::use_service<Reactor>(loop);
    reactor.init_task();
    return reactor.*epoll_set();
}

}  // namespace tokenbroker::async
