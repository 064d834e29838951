#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

// The form of a record log, as pure functions. A line that names form and version, then frames:
//
//     F <number, 16 hex> <bytes, 8 hex> <CRC-32C of the bytes> <CRC-32C of this line so far>\n
//     record\n ...
//
// Numbers grow by one, so that a frame that was moved, repeated or taken out is seen.
namespace tokenbroker::state {

inline constexpr std::string_view frames_begin = "tokenbroker-ledger 1\n";

std::string encode_frame(std::uint64_t number, const std::vector<std::string>& records);

struct ParsedFrames {
    enum class Fate {
        whole,
        torn,     // the last write was cut short: what is after `good_bytes` was never confirmed
        corrupt,  // something in the file is not what we wrote
        future,   // a newer program wrote it
    };
    Fate fate = Fate::whole;
    std::vector<std::string> records;  // those before whatever is wrong
    std::size_t good_bytes = 0;
    std::uint64_t next_number = 1;
    std::string detail;  // what is wrong
};
// `readable`: whether a record means something to its owner; one that does not is corruption.
ParsedFrames parse_frames(std::string_view file,
                          const std::function<bool(const std::string&)>& readable);

}  // namespace tokenbroker::state
