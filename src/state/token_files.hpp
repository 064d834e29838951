#pragma once

#include "async/offload.hpp"
#include "base/error.hpp"
#include "host/file_system.hpp"
#include "state/key.hpp"
#include "state/sealed_token.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tokenbroker::state {

// A file that could not be used, and where it lies now.
struct SetAside {
    Errc why = Errc::corrupt;      // corrupt, wrong_key, future_version, invalid_input (of another
                                   // account, recipe, origin or identity), io
    std::string message;           // one sentence for the log
    std::string path;              // its new name; empty where it could not be renamed
    std::uint64_t generation = 0;  // of the token in it, where its header is ours; else 0
};

struct LoadedToken {
    std::optional<SealedToken> token;
    std::optional<SetAside> set_aside;
    bool sealed_anew = false;  // it was under the previous key
};

// A token file that no configured account has.
struct Orphan {
    std::string account;
    std::optional<WallTime>
        expires_at;  // none: it does not expire, or its header is not ours to read
};

// Sealed tokens, a file an account: ACCOUNT.token in the state directory. All work is done off the
// loop, in order for each account; a call that is cancelled is finished all the same. A store
// elsewhere could stand behind these calls.
class TokenFiles {
public:
    // `files` and `offload` outlive this.
    TokenFiles(std::string directory, StateKeys keys, async::Offload& offload,
               host::FileSystem& files = host::FileSystem::kernel());
    ~TokenFiles();
    TokenFiles(const TokenFiles&) = delete;
    TokenFiles& operator=(const TokenFiles&) = delete;

    // An error is one of the machine (io, access_denied) that even forbids to set the file aside.
    boost::asio::awaitable<Result<LoadedToken>> load(Binding binding);
    // Durable once it returns. After an error the file before stands, or the new one does: never
    // half of one.
    boost::asio::awaitable<Result<void>> store(Binding binding, SealedToken token);
    boost::asio::awaitable<Result<void>> remove(AccountName account);
    // Those that are past their expiry are deleted and not listed.
    boost::asio::awaitable<Result<std::vector<Orphan>>> orphans(std::set<AccountName> configured,
                                                                WallTime now);

private:
    class Impl;
    template <class T>
    boost::asio::awaitable<Result<T>> in_order(std::string account,
                                               std::function<Result<T>()> work);

    std::shared_ptr<Impl> impl_;
    async::Offload& offload_;
};

}  // namespace tokenbroker::state
