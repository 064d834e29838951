#pragma once

#include <boost/asio/any_io_executor.hpp>

namespace tokenbroker::async {

// The descriptor that Asio waits on: readable as soon as one of its timers, sockets or signals is
// ready. It is the loop's own, for others to wait on; handlers that were posted do not show on it.
[[nodiscard]] int reactor_descriptor(const boost::asio::any_io_executor& executor);

}  // namespace tokenbroker::async
