#include "broker/secret_inputs.hpp"

#include "recipe/inputs.hpp"

#include <algorithm>
#include <utility>

namespace tokenbroker::broker {

namespace asio = boost::asio;

SecretInputs::SecretInputs(const Services& services, std::string account, const Sources& sources)
    : services_(services),
      account_(std::move(account)),
      watchers_(services.executor, async::end_the_loop) {
    replace(sources);
}

void SecretInputs::replace(const Sources& sources) {
    readers_.clear();
    has_command_ = false;
    for (const auto& [name, source] : sources) {
        has_command_ = has_command_ || std::holds_alternative<SecretCommand>(source.from);
        readers_.emplace(
            name, std::make_shared<secrets::SecretReader>(source, account_, services_.variables,
                                                          services_.clock, services_.offload));
    }
    ++version_;
    changed_.notify_all();
}

asio::awaitable<Result<SecretInputs::Values>> SecretInputs::read(std::string salt) {
    Values all;
    std::size_t size = salt.size() + 1;
    const auto readers = readers_;  // a reload may replace them meanwhile
    for (const auto& [name, reader] : readers) {
        auto secret = co_await reader->read();
        if (!secret) {
            co_return secret.error().during("reading the input " + name);
        }
        if (reader->world_readable()) {
            services_.log.warn(
                "secret_world_readable", "every local user can read this secret: chmod o-r",
                {{"account", account_}, {"input", name}, {"source", describe(reader->source())}});
        }
        size += name.size() + secret->size() + 2;
        all.values.set(name, recipe::secret_input(std::move(*secret)));
    }
    // One text, unambiguous by the lengths in it, hashed under a key: a change of any part changes
    // it.
    Secret text = Secret::of_size(size);
    char* out = text.writable().data();
    out = std::copy(salt.begin(), salt.end(), out);
    *out++ = '\0';
    for (const auto& [name, value] : all.values.all()) {
        out = std::copy(name.begin(), name.end(), out);
        *out++ = '\0';
        const Secret bytes = value.as_text();
        out = std::copy(bytes.reveal().begin(), bytes.reveal().end(), out);
        *out++ = '\0';
    }
    all.fingerprint = services_.fingerprint(text);
    if (services_.previous_fingerprint)
        all.previous_fingerprint = services_.previous_fingerprint(text);
    co_return all;
}

// Ends the watchers of one round, however the round ends.
class SecretInputs::Round {
public:
    explicit Round(async::Nursery& watchers) : watchers_(watchers) {}
    Round(const Round&) = delete;
    Round& operator=(const Round&) = delete;
    ~Round() { watchers_.cancel(); }

private:
    async::Nursery& watchers_;
};

asio::awaitable<void> SecretInputs::watch_one(Reader reader, std::uint64_t round) {
    co_await reader->may_have_changed();
    seen_in_ = round;
    changed_.notify_all();
}

asio::awaitable<void> SecretInputs::may_have_changed() {
    const std::uint64_t version = version_;
    const std::uint64_t round = ++round_;
    for (const auto& [name, reader] : readers_) {
        watchers_.spawn("watch " + account_ + "/" + name, watch_one(reader, round));
    }
    const Round ending(watchers_);
    while (seen_in_ != round && version == version_)
        co_await changed_.wait();
}

asio::awaitable<void> SecretInputs::stop() {
    watchers_.cancel();
    co_await watchers_.join();
}

}  // namespace tokenbroker::broker
