// Files of the state directory that are not what we wrote: the ledger's frames and records, sealed
// tokens and what is in them, state keys. What is read can be written, and is then read the same.

#include "fuzz.hpp"
#include "state/frames.hpp"
#include "state/ledger_json.hpp"
#include "state/seal.hpp"
#include "state/token_codec.hpp"

#include <algorithm>

namespace {

using namespace tokenbroker;
using fuzz::require;

bool check_record(const std::string& line) {
    const auto record = state::decode_record(line);
    if (!record) return false;
    const auto again = state::decode_record(state::encode_record(*record));
    require(again && *again == *record);
    return true;
}

void check_frames(std::string_view file) {
    const auto parsed = state::parse_frames(file, check_record);
    require(parsed.good_bytes <= file.size());
    require((parsed.fate == state::ParsedFrames::Fate::whole) == parsed.detail.empty());
    if (parsed.good_bytes == 0) return require(parsed.records.empty());
    const auto good = state::parse_frames(file.substr(0, parsed.good_bytes), check_record);
    require(good.fate == state::ParsedFrames::Fate::whole);
    require(good.records.size() <= parsed.records.size());
    require(std::equal(good.records.begin(), good.records.end(), parsed.records.begin()));
}

void check_token(std::string_view bytes) {
    const auto token = state::decode_token(Secret(bytes));
    if (!token) return;
    const Secret encoded = state::encode_token(*token);
    const auto again = state::decode_token(encoded);
    require(again && state::encode_token(*again) == encoded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const state::StateKeys keys{*state::parse_state_key(Secret(std::string(32, 'a'))),
                                       *state::parse_state_key(Secret(std::string(32, 'b')))};
    const std::string_view bytes = fuzz::text_of(data, size);
    check_frames(bytes);
    check_record(std::string(bytes));
    check_token(bytes);
    static_cast<void>(state::parse_state_key(Secret(bytes)));
    const auto header = state::read_header(keys, bytes);
    const auto opened = state::unseal(keys, "binding", bytes);
    require(header || !opened);
    return 0;
}
