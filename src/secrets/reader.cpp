#include "secrets/reader.hpp"

#include "async/event.hpp"
#include "secrets/read.hpp"

#include <functional>
#include <utility>

namespace tokenbroker::secrets {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds command_interval = std::chrono::minutes(5);
// A file that changes all the time is given up for this login.
constexpr int most_looks = 5;

bool is_fixed(const SecretSource& source) {
    return !std::holds_alternative<SecretFile>(source.from) &&
           !std::holds_alternative<SecretCommand>(source.from);
}

}  // namespace

// One reading, and the version of the file just before it.
struct SecretReader::Look {
    Look() : reading(Error(Errc::internal, "not read")) {}

    Result<Reading> reading;
    std::optional<FileVersion> version;
};

SecretReader::SecretReader(SecretSource source, std::string account, host::Variables variables,
                           async::Clock& clock, async::Offload& offload)
    : source_(std::move(source)),
      account_(std::move(account)),
      variables_(std::move(variables)),
      clock_(clock),
      offload_(offload),
      path_(path_of(source_, variables_)) {}

asio::awaitable<SecretReader::Look> SecretReader::look() {
    std::function<Look()> work = [source = source_, account = account_, variables = variables_,
                                  path = path_] {
        Look found;
        if (path) found.version = look_at(*path);
        found.reading = read_secret(source, variables, account);
        return found;
    };
    auto found = co_await offload_.run<Look>(std::move(work));
    co_return found;
}

asio::awaitable<Result<Secret>> SecretReader::read() {
    if (kept_) co_return *kept_;
    for (int looks = 0; looks < most_looks; ++looks) {
        auto found = co_await look();
        seen_ = found.version;
        if (!found.reading) co_return found.reading.error();
        // The very file that was read, where somebody put another one there in between.
        if (found.reading->file) found.version = version_of(*found.reading->file);
        if (!found.version || !accepted_ || found.version == accepted_ ||
            found.version == settled_) {
            accepted_ = found.version;
            world_readable_ = found.reading->world_readable();
            if (is_fixed(source_)) kept_ = found.reading->bytes;
            co_return std::move(found.reading->bytes);
        }
        settled_ = found.version;
        co_await async::sleep_until(clock_, clock_.now().boot + settle_time);
    }
    co_return Error(Errc::unavailable, describe(source_) + " changes all the time");
}

asio::awaitable<void> SecretReader::may_have_changed() {
    if (std::holds_alternative<SecretCommand>(source_.from)) {
        co_await async::sleep_until(clock_, clock_.now().boot + command_interval);
        co_return;
    }
    if (path_ && !kept_) {
        auto version = co_await file_change(*path_, seen_, clock_, offload_);
        settled_ = version;
        co_return;
    }
    async::Event never;
    while (true)
        co_await never.wait();
}

}  // namespace tokenbroker::secrets
