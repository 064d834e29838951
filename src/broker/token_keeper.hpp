#pragma once

#include "async/event.hpp"
#include "async/nursery.hpp"
#include "broker/services.hpp"
#include "state/token_files.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>

namespace tokenbroker::broker {

// Keeps one account's sealed file as the token is: the newest wish wins, and a write that fails is
// tried again. The token is served meanwhile.
class TokenKeeper {
public:
    TokenKeeper(const Services& services, state::Binding binding, metrics::AccountHandle series);

    void start();
    boost::asio::awaitable<void> stop();

    boost::asio::awaitable<Result<state::LoadedToken>> load();
    // Soon, beside everything else.
    void store(state::SealedToken token);
    void remove();
    // Now: until it is durable, or the first try has failed (and is tried again beside everything
    // else).
    boost::asio::awaitable<void> store_first(state::SealedToken token);
    // Until nothing is left to write, or the last try has failed.
    boost::asio::awaitable<void> quiet();

    // The last write of a token failed; it is tried again.
    [[nodiscard]] bool failing() const noexcept { return failures_ > 0; }

private:
    struct Wish {
        std::optional<state::SealedToken> token;  // none: no file
    };
    boost::asio::awaitable<void> run();
    boost::asio::awaitable<Result<void>> fulfil(Wish wish);
    void note(const Result<void>& written);

    const Services& services_;
    state::Binding binding_;
    metrics::AccountHandle series_;
    async::Nursery tasks_;
    async::Event changed_;
    std::optional<Wish> wish_;
    bool writing_ = false;
    unsigned failures_ = 0;  // in a row
};

}  // namespace tokenbroker::broker
