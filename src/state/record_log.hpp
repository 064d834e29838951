#pragma once

#include "async/offload.hpp"
#include "base/error.hpp"
#include "host/file_system.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tokenbroker::state {

// An append-only file of records (bytes that mean nothing here). Appends that wait at the same time
// are written as one frame and share one fdatasync. A frame is number, length, checksum and
// records; one that was cut off or half-written at the end is no part of the file, since nobody was
// told that it is.
class RecordLog {
public:
    struct Opened {
        std::vector<std::string> records;  // those that could be read, in order
        bool lost = false;   // something in the file could not be read, or it is of a newer program
        std::string detail;  // what, in one sentence for the log
        std::string set_aside;       // where the unreadable file lies now
        std::size_t torn_bytes = 0;  // cut off its end
    };
    // Pure: which of the records are to stay, in order.
    using Keep = std::function<std::vector<std::string>(std::vector<std::string>)>;

    // `files` and `offload` outlive this.
    RecordLog(std::string path, async::Offload& offload,
              host::FileSystem& files = host::FileSystem::kernel());
    ~RecordLog();
    RecordLog(const RecordLog&) = delete;
    RecordLog& operator=(const RecordLog&) = delete;

    // Once, before anything else. An error is one of the machine: nothing was judged or changed.
    boost::asio::awaitable<Result<Opened>> open();
    // The record is durable once this returns well. After an error it is not in the file; but a
    // call that was cancelled may have written it.
    boost::asio::awaitable<Result<void>> append(std::string record);
    // Rewrites the file with what `keep` leaves of it, all or nothing; runs on a worker, in order
    // with appends.
    boost::asio::awaitable<Result<void>> compact(Keep keep);

    // Bytes in the file, as of the last call that ended: when to compact is the caller's.
    [[nodiscard]] std::uint64_t size() const noexcept;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
    async::Offload& offload_;
};

}  // namespace tokenbroker::state
