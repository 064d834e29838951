#include "state/record_log.hpp"

#include "host/files.hpp"
#include "state/frames.hpp"
#include "state/in_order.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <exception>
#include <fcntl.h>
#include <functional>
#include <utility>

namespace tokenbroker::state {
namespace {

namespace asio = boost::asio;

// Far more than a compacted ledger has; what is longer is none.
constexpr std::size_t longest_file = std::size_t{256} * 1024 * 1024;
constexpr host::FileOwnership ours{};

}  // namespace

struct RecordLog::Work {
    enum class Kind { open, append, replace };
    Kind kind = Work::Kind::append;
    Records records;
    Readable readable;
    Result<Opened> result{Opened{}};
};

// The loop's side hands in work; all else is touched by one worker at a time (InOrder).
class RecordLog::Impl {
public:
    Impl(std::string path, host::FileSystem& files) : path_(std::move(path)), files_(files) {}
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() { close(); }

    void perform(const std::vector<std::shared_ptr<Work>>& batch) {
        for (auto first = batch.begin(); first != batch.end();) {
            const auto end =
                (*first)->kind != Work::Kind::append
                    ? std::next(first)
                    : std::find_if(first, batch.end(), [](const std::shared_ptr<Work>& work) {
                          return work->kind != Work::Kind::append;
                      });
            try {
                perform_alike(first, end);
            } catch (const std::exception& failure) {
                for (auto work = first; work != end; ++work)
                    (*work)->result = Error(Errc::internal, failure.what());
            }
            first = end;
        }
    }

    InOrder<Work> queue;
    std::atomic<std::uint64_t> size = 0;
    std::atomic<std::uint64_t> size_at_first = 0;

private:
    using Place = std::vector<std::shared_ptr<Work>>::const_iterator;

    void perform_alike(Place first, Place end) {
        if ((*first)->kind == Work::Kind::open) {
            (*first)->result = open(std::move((*first)->records), (*first)->readable);
            return;
        }
        Result<void> done;
        if ((*first)->kind == Work::Kind::replace) {
            done = replace((*first)->records);
        } else {
            Records together;
            for (auto work = first; work != end; ++work)
                std::move((*work)->records.begin(), (*work)->records.end(),
                          std::back_inserter(together));
            if (!together.empty()) done = append(together);
        }
        if (done) return;
        for (auto work = first; work != end; ++work)
            (*work)->result = done.error();
    }

    Result<Opened> open(Records lost_mark, const Readable& readable) {
        readable_ = readable;
        auto content = host::read_file(files_, path_, longest_file, host::Links::refuse);
        if (!content && content.error().code() != Errc::not_found)
            content = host::read_file(files_, path_, longest_file, host::Links::refuse);
        Opened opened;
        if (!content && content.error().code() == Errc::not_found) {
            note(opened, replace({}));
            return opened;
        }
        ParsedFrames parsed;
        if (content) {
            parsed = parse_frames(content->bytes.reveal(), readable);
        } else {
            parsed.fate = ParsedFrames::Fate::corrupt;
            parsed.detail = content.error().message();
        }
        using Fate = ParsedFrames::Fate;
        if (parsed.fate == Fate::corrupt || parsed.fate == Fate::future) {
            return start_anew(std::move(lost_mark), std::move(parsed));
        }
        const std::size_t whole = content->bytes.size();
        note(opened, open_for_appending(parsed));
        if (parsed.fate == Fate::torn && !opened.unwritten) {
            must_cut_ = true;
            note(opened, cut_to_size());
        }
        opened.records = std::move(parsed.records);
        opened.torn_bytes = whole - parsed.good_bytes;
        if (opened.torn_bytes > 0) opened.detail = path_ + ": " + parsed.detail;
        return opened;
    }

    static void note(Opened& opened, const Result<void>& written) {
        if (!written) opened.unwritten = written.error();
    }

    // By a second name for the old file and then a rename over the first: at no instant is there no
    // ledger, which would count as nothing spent.
    Opened start_anew(Records records, ParsedFrames parsed) {
        Opened opened;
        opened.lost = true;
        opened.detail = path_ + ": " + parsed.detail;
        opened.records = std::move(parsed.records);
        std::copy(opened.records.begin(), opened.records.end(), std::back_inserter(records));
        opened.set_aside = keep_under_another_name();
        must_keep_ = opened.set_aside.empty();
        note(opened, replace(records));
        return opened;
    }

    // The other name; empty where it can have none.
    std::string keep_under_another_name() {
        for (unsigned n = 1; n < 1000; ++n) {
            std::string name = path_ + ".bad-" + std::to_string(n);
            if (files_.link(path_.c_str(), name.c_str()) == 0) return name;
            if (errno != EEXIST) break;
        }
        return {};
    }

    Result<void> append(const Records& records) {
        if (auto ready = make_ready(); !ready) return ready;
        const std::string frame = encode_frame(next_number_, records);
        auto written = write_durably(frame);
        if (!written) {
            // Nobody may find later what was reported as failed.
            must_cut_ = true;
            [[maybe_unused]] const auto cut = cut_to_size();
            return written;
        }
        size += frame.size();
        ++next_number_;
        return {};
    }

    Result<void> write_durably(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t written = files_.write(file_, bytes.data(), bytes.size());
            if (written < 0 && errno == EINTR) continue;
            if (written <= 0) return system_error("writing " + path_, written < 0 ? errno : EIO);
            bytes.remove_prefix(static_cast<std::size_t>(written));
        }
        if (files_.fdatasync(file_) != 0) return system_error("syncing " + path_, errno);
        return {};
    }

    Result<void> cut_to_size() {
        if (!must_cut_) return {};
        if (files_.ftruncate(file_, static_cast<off_t>(size.load())) != 0) {
            return system_error("cutting off the failed write to " + path_, errno);
        }
        if (files_.fdatasync(file_) != 0) return system_error("syncing " + path_, errno);
        must_cut_ = false;
        return {};
    }

    Result<void> replace(const Records& records) {
        std::string content(frames_begin);
        if (!records.empty()) content += encode_frame(1, records);
        if (must_keep_) keep_under_another_name();
        // From here on it is not known which file the name stands for, until it was read again.
        close();
        if (auto written = host::write_file(files_, path_, content, ours); !written) return written;
        if (auto ready = make_ready(); !ready) return ready;
        size_at_first = size.load();
        must_keep_ = false;
        return {};
    }

    // The file open, ending where we think it does, and durably the one that its name stands for.
    Result<void> make_ready() {
        if (file_ >= 0) return cut_to_size();
        if (!readable_) return Error(Errc::internal, path_ + " was not opened");
        auto content = host::read_file(files_, path_, longest_file, host::Links::refuse);
        if (!content) return content.error();
        const ParsedFrames parsed = parse_frames(content->bytes.reveal(), readable_);
        if (parsed.fate != ParsedFrames::Fate::whole)
            return Error(Errc::corrupt, path_ + ": " + parsed.detail);
        return open_for_appending(parsed);
    }

    Result<void> open_for_appending(const ParsedFrames& parsed) {
        close();
        if (auto synced = host::sync_folder(files_, host::folder_of(path_)); !synced) return synced;
        file_ = files_.open(path_.c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0);
        if (file_ < 0) return system_error("opening " + path_, errno);
        size = parsed.good_bytes;
        next_number_ = parsed.next_number;
        return {};
    }

    void close() {
        if (file_ >= 0) files_.close(std::exchange(file_, -1));
        must_cut_ = false;
    }

    std::string path_;
    host::FileSystem& files_;
    Readable readable_;
    int file_ = -1;
    std::uint64_t next_number_ = 1;
    bool must_cut_ = false;   // a failed write may have left bytes behind `size`
    bool must_keep_ = false;  // the file is an unreadable one that has no other name yet
};

RecordLog::RecordLog(std::string path, async::Offload& offload, host::FileSystem& files)
    : impl_(std::make_shared<Impl>(std::move(path), files)), offload_(offload) {}

RecordLog::~RecordLog() = default;

asio::awaitable<Result<RecordLog::Opened>> RecordLog::submit(std::shared_ptr<Work> work) {
    impl_->queue.push(work);
    std::function<bool()> work_off = [impl = impl_] {
        impl->queue.work_off(
            [&impl](const std::vector<std::shared_ptr<Work>>& batch) { impl->perform(batch); });
        return true;
    };
    co_await offload_.run<bool>(std::move(work_off));
    co_return std::move(work->result);
}

asio::awaitable<Result<RecordLog::Opened>> RecordLog::open(std::string lost_mark,
                                                           Readable readable) {
    auto work = std::make_shared<Work>();
    work->kind = Work::Kind::open;
    work->records.push_back(std::move(lost_mark));
    work->readable = std::move(readable);
    auto result = co_await submit(std::move(work));
    co_return result;
}

asio::awaitable<Result<void>> RecordLog::append(Records records) {
    auto work = std::make_shared<Work>();
    work->records = std::move(records);
    auto result = co_await submit(std::move(work));
    if (!result) co_return result.error();
    co_return Result<void>();
}

asio::awaitable<Result<void>> RecordLog::replace(Records records) {
    auto work = std::make_shared<Work>();
    work->kind = Work::Kind::replace;
    work->records = std::move(records);
    auto result = co_await submit(std::move(work));
    if (!result) co_return result.error();
    co_return Result<void>();
}

std::uint64_t RecordLog::size() const noexcept {
    return impl_->size;
}

std::uint64_t RecordLog::size_at_first() const noexcept {
    return impl_->size_at_first;
}

}  // namespace tokenbroker::state
