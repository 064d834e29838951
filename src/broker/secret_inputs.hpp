#pragma once

#include "async/event.hpp"
#include "async/nursery.hpp"
#include "broker/services.hpp"
#include "recipe/value.hpp"
#include "secrets/reader.hpp"

#include <boost/asio/awaitable.hpp>

#include <map>
#include <memory>
#include <string>

namespace tokenbroker::broker {

// The secret inputs of one account.
class SecretInputs {
public:
    using Sources = std::map<std::string, SecretSource>;

    SecretInputs(const Services& services, std::string account, const Sources& sources);

    struct Values {
        recipe::Values values;
        std::string fingerprint;  // keyed hash over all of them, and over `salt`
        std::string
            previous_fingerprint;  // the same under the previous state key; empty: there is none
    };
    // All of them, now. `salt` goes into the fingerprint. The error names the input and its source.
    boost::asio::awaitable<Result<Values>> read(std::string salt);

    // Until reading them again may give something else.
    boost::asio::awaitable<void> may_have_changed();

    // Ends what watches. Before this goes.
    boost::asio::awaitable<void> stop();

    // The configuration names other sources. What runs ends with the old ones.
    void replace(const Sources& sources);

    // A command runs only for a login, or while its account is suspended.
    [[nodiscard]] bool has_command() const noexcept { return has_command_; }

private:
    using Reader = std::shared_ptr<secrets::SecretReader>;
    class Round;
    boost::asio::awaitable<void> watch_one(Reader reader, std::uint64_t round);

    const Services& services_;
    std::string account_;
    bool has_command_ = false;
    std::map<std::string, Reader> readers_;
    async::Event changed_;       // of a secret, or of readers_
    std::uint64_t version_ = 0;  // of readers_
    std::uint64_t round_ = 0;    // of may_have_changed()
    std::uint64_t seen_in_ = 0;  // the last round in which a watcher saw something
    async::Nursery watchers_;
};

}  // namespace tokenbroker::broker
