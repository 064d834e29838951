#include "state/token_files.hpp"

#include "host/files.hpp"
#include "state/in_order.hpp"
#include "state/seal.hpp"
#include "state/token_codec.hpp"

#include <cerrno>
#include <exception>
#include <functional>
#include <map>
#include <utility>

namespace tokenbroker::state {
namespace {

namespace asio = boost::asio;

constexpr std::string_view ending = ".token";
constexpr std::size_t longest_file = std::size_t{1024} * 1024;

std::string_view word_for(Errc why) noexcept {
    switch (why) {
        case Errc::wrong_key:
            return "key";
        case Errc::future_version:
            return "version";
        case Errc::invalid_input:
            return "foreign";
        case Errc::io:
            return "unreadable";
        default:
            return "corrupt";
    }
}

// What the name of a folder's entry says of it: the account, where it is a token file.
std::optional<AccountName> account_of(const std::string& name) {
    if (name.size() <= ending.size() || name.substr(name.size() - ending.size()) != ending)
        return std::nullopt;
    auto account =
        AccountName::parse(std::string_view(name).substr(0, name.size() - ending.size()));
    if (!account) return std::nullopt;
    return std::move(*account);
}

}  // namespace

class TokenFiles::Impl {
public:
    using Work = std::function<void()>;
    using Queue = InOrder<Work>;

    Impl(std::string directory, StateKeys keys, host::FileSystem& files)
        : directory_(std::move(directory)), keys_(std::move(keys)), files_(files) {}

    // Of the loop alone.
    std::shared_ptr<Queue> queue_of(const std::string& account) {
        auto& queue = queues_[account];
        if (!queue) queue = std::make_shared<Queue>();
        return queue;
    }

    Result<LoadedToken> load(const Binding& binding) {
        const std::string path = path_of(binding.account.text());
        auto content = host::read_file(files_, path, longest_file, host::Links::refuse);
        if (!content && content.error().code() != Errc::not_found)  // a fault may pass
            content = host::read_file(files_, path, longest_file, host::Links::refuse);
        if (!content && content.error().code() == Errc::not_found) return LoadedToken{};
        if (!content) return put_aside_unread(path, content.error());
        const std::string_view bytes = content->bytes.reveal();
        auto unsealed = unseal(keys_, encode_binding(binding), bytes);
        auto token =
            unsealed ? decode_token(unsealed->plaintext) : Result<SealedToken>(unsealed.error());
        if (!token) {
            const auto header = read_header(keys_, bytes);
            return put_aside(path, token.error().during(path), header ? header->generation : 0);
        }
        LoadedToken loaded;
        if (unsealed->previous_key) loaded.sealed_anew = store(binding, *token).has_value();
        loaded.token = std::move(*token);
        return loaded;
    }

    Result<void> store(const Binding& binding, const SealedToken& token) {
        const std::string file =
            seal(keys_.current, encode_binding(binding), token.times.generation,
                 token.times.expires_at, encode_token(token));
        return host::write_file(files_, path_of(binding.account.text()), file, {});
    }

    Result<void> remove(const AccountName& account) {
        return host::remove_file(files_, path_of(account.text()));
    }

    Result<std::vector<Orphan>> orphans(const std::set<AccountName>& configured, WallTime now) {
        auto names = host::list_folder(directory_);
        if (!names) return names.error();
        std::vector<Orphan> found;
        for (const std::string& name : *names) {
            const auto account = account_of(name);
            if (!account || configured.contains(*account)) continue;
            Orphan orphan{account->text(), std::nullopt};
            const auto content =
                host::read_file(files_, directory_ + "/" + name, longest_file, host::Links::refuse);
            if (content) {
                if (const auto header = read_header(keys_, content->bytes.reveal()))
                    orphan.expires_at = header->expires_at;
            }
            const bool over = orphan.expires_at && *orphan.expires_at <= now;
            if (over && remove(*account)) continue;
            found.push_back(std::move(orphan));
        }
        return found;
    }

private:
    [[nodiscard]] std::string path_of(const std::string& account) const {
        return directory_ + "/" + account + std::string(ending);
    }

    Result<LoadedToken> put_aside_unread(const std::string& path, const Error& error) {
        const bool of_machine = error.code() == Errc::io || error.code() == Errc::access_denied;
        if (!of_machine) return put_aside(path, Error(Errc::corrupt, error.message()), 0);
        LoadedToken aside = put_aside(path, Error(Errc::io, error.message()), 0);
        if (aside.set_aside->path.empty()) return error;
        return aside;
    }

    // Under a name that is free; where none can be had the file stays, and the next store()
    // replaces it.
    LoadedToken put_aside(const std::string& path, const Error& error, std::uint64_t generation) {
        SetAside aside{error.code(), error.message(), {}, generation};
        const std::string stem = path + ".bad-" + std::string(word_for(error.code())) + "-";
        for (unsigned n = 1; n < 1000; ++n) {
            const std::string name = stem + std::to_string(n);
            if (host::file_facts(name)) continue;
            if (host::rename_file(files_, path, name)) aside.path = name;
            break;
        }
        LoadedToken loaded;
        loaded.set_aside = std::move(aside);
        return loaded;
    }

    std::string directory_;
    StateKeys keys_;
    host::FileSystem& files_;
    std::map<std::string, std::shared_ptr<Queue>> queues_;
};

TokenFiles::TokenFiles(std::string directory, StateKeys keys, async::Offload& offload,
                       host::FileSystem& files)
    : impl_(std::make_shared<Impl>(std::move(directory), std::move(keys), files)),
      offload_(offload) {}

TokenFiles::~TokenFiles() = default;

template <class T>
asio::awaitable<Result<T>> TokenFiles::in_order(std::string account,
                                                std::function<Result<T>()> work) {
    auto result = std::make_shared<std::optional<Result<T>>>();
    auto queue = impl_->queue_of(account);
    queue->push(std::make_shared<Impl::Work>([work = std::move(work), result] {
        try {
            result->emplace(work());
        } catch (const std::exception& failure) {
            result->emplace(Error(Errc::internal, failure.what()));
        }
    }));
    std::function<bool()> work_off = [queue] {
        queue->work_off([](const std::vector<std::shared_ptr<Impl::Work>>& batch) {
            for (const auto& one : batch)
                (*one)();
        });
        return true;
    };
    co_await offload_.run<bool>(std::move(work_off));
    co_return std::move(**result);
}

asio::awaitable<Result<LoadedToken>> TokenFiles::load(Binding binding) {
    std::string account = binding.account.text();
    std::function<Result<LoadedToken>()> work = [impl = impl_, binding = std::move(binding)] {
        return impl->load(binding);
    };
    auto loaded = co_await in_order<LoadedToken>(std::move(account), std::move(work));
    co_return loaded;
}

asio::awaitable<Result<void>> TokenFiles::store(Binding binding, SealedToken token) {
    std::string account = binding.account.text();
    std::function<Result<void>()> work = [impl = impl_, binding = std::move(binding),
                                          token = std::move(token)] {
        return impl->store(binding, token);
    };
    auto stored = co_await in_order<void>(std::move(account), std::move(work));
    co_return stored;
}

asio::awaitable<Result<void>> TokenFiles::remove(AccountName account) {
    std::string name = account.text();
    std::function<Result<void>()> work = [impl = impl_, account = std::move(account)] {
        return impl->remove(account);
    };
    auto removed = co_await in_order<void>(std::move(name), std::move(work));
    co_return removed;
}

asio::awaitable<Result<std::vector<Orphan>>> TokenFiles::orphans(std::set<AccountName> configured,
                                                                 WallTime now) {
    std::function<Result<std::vector<Orphan>>()> work = [impl = impl_,
                                                         configured = std::move(configured), now] {
        return impl->orphans(configured, now);
    };
    auto found = co_await offload_.run<Result<std::vector<Orphan>>>(std::move(work));
    co_return found;
}

}  // namespace tokenbroker::state
