#include "broker/secret_inputs.hpp"

#include "async/nursery.hpp"
#include "recipe/inputs.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace tokenbroker::broker {

namespace asio = boost::asio;

SecretInputs::SecretInputs(const Services& services, std::string account, const Sources& sources)
    : services_(services), account_(std::move(account)) {
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
    replaced_or_changed_.notify_all();
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
    co_return all;
}

asio::awaitable<void> SecretInputs::watch_one(Reader reader, async::Event& changed, bool& seen) {
    co_await reader->may_have_changed();
    seen = true;
    changed.notify_all();
}

asio::awaitable<void> SecretInputs::may_have_changed() {
    async::Nursery watchers(services_.executor);
    const std::uint64_t version = version_;
    bool seen = false;
    std::exception_ptr cancelled;
    for (const auto& [name, reader] : readers_) {
        watchers.spawn("watch " + account_ + "/" + name,
                       watch_one(reader, replaced_or_changed_, seen));
    }
    try {
        while (!seen && version == version_)
            co_await replaced_or_changed_.wait();
    } catch (...) {
        cancelled = std::current_exception();
    }
    // Joined whatever happened: they refer to this frame.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    watchers.cancel();
    co_await watchers.join();
    if (cancelled) std::rethrow_exception(cancelled);
}

}  // namespace tokenbroker::broker
