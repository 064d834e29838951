#include "broker/token_keeper.hpp"

#include <algorithm>
#include <utility>

namespace tokenbroker::broker {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds first_delay = std::chrono::seconds(1);
constexpr Milliseconds longest_delay = std::chrono::minutes(1);

}  // namespace

TokenKeeper::TokenKeeper(const Services& services, state::Binding binding,
                         metrics::AccountHandle series)
    : services_(services),
      binding_(std::move(binding)),
      series_(std::move(series)),
      tasks_(services.executor, async::end_the_loop) {}

void TokenKeeper::start() {
    tasks_.spawn("seal " + binding_.account.text(), run());
}

asio::awaitable<void> TokenKeeper::stop() {
    tasks_.cancel();
    co_await tasks_.join();
}

asio::awaitable<Result<state::LoadedToken>> TokenKeeper::load() {
    auto loaded = co_await services_.tokens.load(binding_);
    co_return loaded;
}

void TokenKeeper::store(state::SealedToken token) {
    wish_.emplace();
    wish_->token = std::move(token);
    changed_.notify_all();
}

void TokenKeeper::remove() {
    wish_.emplace();
    changed_.notify_all();
}

asio::awaitable<void> TokenKeeper::store_first(state::SealedToken token) {
    const unsigned before = failures_;
    store(std::move(token));
    while ((wish_ || writing_) && failures_ == before)
        co_await changed_.wait();
}

asio::awaitable<void> TokenKeeper::quiet() {
    while ((wish_ || writing_) && failures_ == 0)
        co_await changed_.wait();
}

asio::awaitable<void> TokenKeeper::run() {
    while (true) {
        while (!wish_)
            co_await changed_.wait();
        Wish now = *wish_;
        wish_.reset();
        writing_ = true;
        auto written = co_await fulfil(now);
        writing_ = false;
        note(written);
        if (written) {
            changed_.notify_all();
            continue;
        }
        // A newer wish replaces this one; the wait holds for both, since what failed is the disk.
        if (!wish_) wish_ = std::move(now);
        changed_.notify_all();
        const unsigned doublings = std::min(failures_ - 1, 6U);
        const Milliseconds delay = std::min(first_delay * (1U << doublings), longest_delay);
        co_await async::sleep_until(services_.clock, services_.clock.now().boot + delay);
    }
}

asio::awaitable<Result<void>> TokenKeeper::fulfil(Wish wish) {
    if (wish.token) {
        auto stored = co_await services_.tokens.store(binding_, std::move(*wish.token));
        co_return stored;
    }
    auto removed = co_await services_.tokens.remove(binding_.account);
    co_return removed;
}

void TokenKeeper::note(const Result<void>& written) {
    if (written) {
        if (failures_ > 0) {
            services_.log.info("seal_recovered", "the token file is up to date again",
                               {{"account", binding_.account.text()}});
        }
        failures_ = 0;
        return;
    }
    ++series_->seal_failures;
    if (failures_++ == 0) {
        services_.log.error(
            "seal_failed",
            "the token can't be kept on disk: it is served, but a restart now would cost a login",
            {{"account", binding_.account.text()}, {"cause", written.error().message()}});
    }
}

}  // namespace tokenbroker::broker
