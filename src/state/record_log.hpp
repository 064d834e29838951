#pragma once

#include "async/offload.hpp"
#include "base/error.hpp"
#include "host/file_system.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tokenbroker::state {

// An append-only file of records: lines of text that mean nothing here, without '\n' in them.
// Appends that wait at the same time are written as one frame and share one fdatasync. See
// frames.hpp for the form. All work is done off the loop, in the order of the calls; a call that is
// cancelled is finished all the same.
class RecordLog {
public:
    using Records = std::vector<std::string>;
    // Whether a record means something to its owner. Pure: it is asked on a worker.
    using Readable = std::function<bool(const std::string&)>;
    struct Opened {
        Records records;                 // those that could be read, in order
        bool lost = false;               // the rest could not
        std::string detail;              // what was wrong, in one sentence for the log
        std::string set_aside;           // where the unreadable file lies now
        std::size_t torn_bytes = 0;      // cut off its end
        std::optional<Error> unwritten;  // why the file is not yet what is said here: nothing can
                                         // be appended before a replace() has worked
    };

    // `files` and `offload` outlive this.
    RecordLog(std::string path, async::Offload& offload, host::FileSystem& files);
    ~RecordLog();
    RecordLog(const RecordLog&) = delete;
    RecordLog& operator=(const RecordLog&) = delete;

    // Where the file can't be read whole, it is set aside, and `lost_mark` and what could be read
    // take its place.
    boost::asio::awaitable<Result<Opened>> open(std::string lost_mark, Readable readable);
    boost::asio::awaitable<Result<void>> append(Records records);
    // Puts `records` in the place of everything, all or nothing.
    boost::asio::awaitable<Result<void>> replace(Records records);

    // Bytes in the file, and after the last replace(): to see how much it has grown.
    [[nodiscard]] std::uint64_t size() const noexcept;
    [[nodiscard]] std::uint64_t size_at_first() const noexcept;

private:
    class Impl;
    struct Work;
    boost::asio::awaitable<Result<Opened>> submit(std::shared_ptr<Work> work);

    std::shared_ptr<Impl> impl_;
    async::Offload& offload_;
};

}  // namespace tokenbroker::state
