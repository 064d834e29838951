#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace tokenbroker::support {

template <class T>
boost::asio::awaitable<void> keep_result(boost::asio::awaitable<T> task, std::optional<T>& result) {
    auto value = co_await std::move(task);
    result.emplace(std::move(value));
}

// Starts a coroutine; what it gives is in `result` once it has ended.
template <class T>
void start(boost::asio::io_context& loop, boost::asio::awaitable<T> task,
           std::optional<T>& result) {
    boost::asio::co_spawn(loop, keep_result(std::move(task), result),
                          [](const std::exception_ptr& failure) {
                              if (failure) std::rethrow_exception(failure);
                          });
}

// Runs the loop until nothing is left to do; what the coroutine gave.
template <class T>
T await(boost::asio::io_context& loop, boost::asio::awaitable<T> task) {
    std::optional<T> result;
    start(loop, std::move(task), result);
    loop.restart();
    loop.run();
    return std::move(result.value());
}

}  // namespace tokenbroker::support
