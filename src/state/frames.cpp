#include "state/frames.hpp"

#include <boost/crc.hpp>

#include <charconv>
#include <cstdio>
#include <optional>

namespace tokenbroker::state {
namespace {

constexpr std::string_view form = "tokenbroker-ledger ";
constexpr std::size_t head_size = 46;

std::uint32_t crc32c(std::string_view bytes) {
    boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
    crc.process_bytes(bytes.data(), bytes.size());
    return crc.checksum();
}

std::string hex(std::uint64_t number, std::size_t digits) {
    std::string text(digits, '0');
    for (std::size_t i = digits; i > 0; --i, number >>= 4U)
        text[i - 1] = "0123456789abcdef"[number & 15U];
    return text;
}

std::optional<std::uint64_t> unhex(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

struct Frame {
    std::uint64_t number = 0;
    std::string_view payload;
};

std::string head_of(std::uint64_t number, std::string_view payload) {
    std::string head =
        "F " + hex(number, 16) + " " + hex(payload.size(), 8) + " " + hex(crc32c(payload), 8);
    return head + " " + hex(crc32c(head), 8) + "\n";
}

// A frame that lies whole at the beginning of `bytes`: one that we would write just so.
std::optional<Frame> frame_at(std::string_view bytes) {
    if (bytes.size() < head_size || bytes.substr(0, 2) != "F ") return std::nullopt;
    const auto number = unhex(bytes.substr(2, 16));
    const auto size = unhex(bytes.substr(19, 8));
    if (!number || !size || *size > bytes.size() - head_size) return std::nullopt;
    const std::string_view payload = bytes.substr(head_size, *size);
    if (payload.empty() || payload.back() != '\n') return std::nullopt;
    if (bytes.substr(0, head_size) != head_of(*number, payload)) return std::nullopt;
    return Frame{*number, payload};
}

bool any_frame_in(std::string_view bytes) {
    for (std::size_t at = bytes.find("F "); at != std::string_view::npos;
         at = bytes.find("F ", at + 1)) {
        if (frame_at(bytes.substr(at))) return true;
    }
    return false;
}

// Takes the frame's records; the detail of what is wrong with one, or nothing.
std::string take_records(std::string_view payload,
                         const std::function<bool(const std::string&)>& readable,
                         std::vector<std::string>& records) {
    while (!payload.empty()) {
        const std::size_t end = payload.find('\n');
        std::string record(payload.substr(0, end));
        if (!readable(record)) return "a record in it is of a newer program, or of none";
        records.push_back(std::move(record));
        payload.remove_prefix(end + 1);
    }
    return {};
}

ParsedFrames& end_as(ParsedFrames& parsed, ParsedFrames::Fate fate, std::string detail) {
    parsed.fate = fate;
    parsed.detail = std::move(detail);
    return parsed;
}

}  // namespace

std::string encode_frame(std::uint64_t number, const std::vector<std::string>& records) {
    std::string payload;
    for (const std::string& record : records)
        payload.append(record).append("\n");
    return head_of(number, payload) + payload;
}

ParsedFrames parse_frames(std::string_view file,
                          const std::function<bool(const std::string&)>& readable) {
    using Fate = ParsedFrames::Fate;
    ParsedFrames parsed;
    if (file.substr(0, frames_begin.size()) != frames_begin) {
        const std::size_t line = file.substr(0, 64).find('\n');
        if (file.substr(0, form.size()) == form && line != std::string_view::npos) {
            const std::string version(file.substr(form.size(), line - form.size()));
            return end_as(parsed, Fate::future,
                          "it is of version " + version + ", this program reads 1");
        }
        return end_as(parsed, Fate::corrupt, "its first line is not a ledger's");
    }
    parsed.good_bytes = frames_begin.size();
    while (parsed.good_bytes < file.size()) {
        const std::string_view rest = file.substr(parsed.good_bytes);
        const auto frame = frame_at(rest);
        const std::string where = " at byte " + std::to_string(parsed.good_bytes);
        if (!frame) {
            // Nobody writes behind a frame that is not durable yet: the last one may be half there,
            // no other.
            if (any_frame_in(rest)) return end_as(parsed, Fate::corrupt, "there is damage" + where);
            return end_as(parsed, Fate::torn, "the last write was cut short" + where);
        }
        if (frame->number != parsed.next_number) {
            return end_as(parsed, Fate::corrupt,
                          "something is missing, twice there or out of order" + where);
        }
        if (std::string wrong = take_records(frame->payload, readable, parsed.records);
            !wrong.empty()) {
            return end_as(parsed, Fate::corrupt, wrong + where);
        }
        parsed.good_bytes += head_size + frame->payload.size();
        ++parsed.next_number;
    }
    return parsed;
}

}  // namespace tokenbroker::state
