// Follows an account's token over rotations and restarts of the daemon, as coroutines: follow_token
// ACCOUNT
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <tokenbroker/asio.hpp>

namespace asio = boost::asio;
using tokenbroker::client::AsyncWatch;

namespace {

asio::awaitable<void> follow(AsyncWatch& watch, const bool& ending) {
    while (!ending) {
        const auto news = co_await watch.next();
        if (news) {
            std::printf("generation %llu\n", static_cast<unsigned long long>(news->generation));
        } else if (!ending) {
            std::printf("no token: %s\n", news.error().message.c_str());
        }
        std::fflush(stdout);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: follow_token ACCOUNT\n");
        return 2;
    }
    asio::io_context context;
    AsyncWatch watch(context.get_executor(), argv[1]);
    bool ending = false;
    asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait([&](boost::system::error_code, int) {
        ending = true;
        watch.stop();
    });
    asio::co_spawn(context, follow(watch, ending), [](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
    });
    context.run();
}
