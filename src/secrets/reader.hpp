#pragma once

#include "async/clock.hpp"
#include "async/offload.hpp"
#include "base/secret.hpp"
#include "base/secret_source.hpp"
#include "host/variables.hpp"
#include "secrets/watch.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>

namespace tokenbroker::secrets {

// One secret of one account. A file or a command is read for each login; what can't change while
// the process runs (env, plain, credential) is read once, as soon as it can be. Outlives the
// coroutines that it gave.
class SecretReader {
public:
    SecretReader(SecretSource source, std::string account, host::Variables variables,
                 async::Clock& clock, async::Offload& offload);

    // The secret now. A file that changed since the last reading counts once it was the same for 1
    // s (at most 5 s are spent on that, then an Errc::unavailable). Errors as those of
    // read_secret().
    boost::asio::awaitable<Result<Secret>> read();

    // Until reading it again may give something else: a file (or a credential that was not there)
    // within 5 s of having changed, a command after 5 min, the others never. What it gives may
    // still be the same: compare fingerprints.
    boost::asio::awaitable<void> may_have_changed();

    // As of the last reading.
    [[nodiscard]] bool world_readable() const noexcept { return world_readable_; }
    [[nodiscard]] const SecretSource& source() const noexcept { return source_; }

private:
    struct Look;
    boost::asio::awaitable<Look> look();

    SecretSource source_;
    std::string account_;
    host::Variables variables_;
    async::Clock& clock_;
    async::Offload& offload_;
    std::optional<std::string> path_;      // where it comes from a file
    std::optional<Secret> kept_;           // what can't change any more
    std::optional<FileVersion> seen_;      // of the file, when it was read last, or could not be
    std::optional<FileVersion> accepted_;  // of the file that read() last gave
    std::optional<FileVersion> settled_;   // one that was seen to be the same for a while
    bool world_readable_ = false;
};

}  // namespace tokenbroker::secrets
