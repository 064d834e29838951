#include "state/token_codec.hpp"

#include "state/bytes.hpp"

#include <cstdint>
#include <cstring>

namespace tokenbroker::state {
namespace {

// For good: files with them are about.
enum class Tag : std::uint16_t {
    value = 1,
    header_name = 2,
    header_value = 3,
    generation = 4,
    first_generation = 5,
    issued_at = 6,
    issued_boot = 7,
    boot_id = 8,
    expires_at = 9,
    lifetime = 10,
    source = 11,
    jitter = 12,
    kept = 13,
    expires_boot = 14,
};

// Writes into a Secret, or, with none, only counts: the plaintext is never anywhere else, and never
// moves.
class Writer {
public:
    explicit Writer(char* out) : out_(out) {}

    void member(Tag tag, std::string_view bytes) {
        put(little_endian<2>(static_cast<std::uint16_t>(tag)));
        put(little_endian<4>(bytes.size()));
        put(bytes);
    }
    void number(Tag tag, std::int64_t number) {
        member(tag, little_endian<8>(static_cast<std::uint64_t>(number)));
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    void put(std::string_view bytes) {
        if (out_ != nullptr && !bytes.empty())
            std::memcpy(out_ + size_, bytes.data(), bytes.size());
        size_ += bytes.size();
    }

    char* out_;
    std::size_t size_ = 0;
};

std::size_t write(const SealedToken& token, char* out) {
    Writer writer(out);
    const core::TokenTimes& times = token.times;
    std::uint64_t jitter = 0;
    std::memcpy(&jitter, &times.jitter, sizeof(jitter));
    writer.member(Tag::value, token.value.reveal());
    writer.member(Tag::header_name, token.header_name);
    writer.member(Tag::header_value, token.header_value.reveal());
    writer.number(Tag::generation, static_cast<std::int64_t>(times.generation));
    writer.number(Tag::first_generation, static_cast<std::int64_t>(times.first_generation));
    writer.number(Tag::issued_at, times.issued_at.time_since_epoch().count());
    writer.number(Tag::issued_boot, times.issued_boot.time_since_epoch().count());
    writer.member(Tag::boot_id, times.boot_id);
    if (times.expires_at)
        writer.number(Tag::expires_at, times.expires_at->time_since_epoch().count());
    if (times.expires_boot)
        writer.number(Tag::expires_boot, times.expires_boot->time_since_epoch().count());
    if (times.lifetime) writer.number(Tag::lifetime, times.lifetime->count());
    writer.member(Tag::source, core::expiry_source_name(times.source));
    writer.number(Tag::jitter, static_cast<std::int64_t>(jitter));
    writer.member(Tag::kept, token.kept.reveal());
    return writer.size();
}

bool take_number(std::string_view bytes, std::uint64_t& number) {
    if (bytes.size() != 8) return false;
    number = from_little_endian(bytes);
    return true;
}
bool take_number(std::string_view bytes, std::int64_t& number) {
    std::uint64_t unsigned_number = 0;
    if (!take_number(bytes, unsigned_number)) return false;
    number = static_cast<std::int64_t>(unsigned_number);
    return true;
}

bool take_time(Tag tag, std::string_view bytes, core::TokenTimes& times) {
    std::int64_t count = 0;
    if (!take_number(bytes, count)) return false;
    const Milliseconds span(count);
    if (tag == Tag::issued_at) times.issued_at = WallTime(span);
    if (tag == Tag::issued_boot) times.issued_boot = BootTime(span);
    if (tag == Tag::expires_at) times.expires_at = WallTime(span);
    if (tag == Tag::expires_boot) times.expires_boot = BootTime(span);
    if (tag == Tag::lifetime) times.lifetime = span;
    return true;
}

bool take_member(Tag tag, std::string_view bytes, SealedToken& token) {
    core::TokenTimes& times = token.times;
    switch (tag) {
        case Tag::value:
            token.value = Secret(bytes);
            return true;
        case Tag::header_name:
            token.header_name = std::string(bytes);
            return true;
        case Tag::header_value:
            token.header_value = Secret(bytes);
            return true;
        case Tag::kept:
            token.kept = Secret(bytes);
            return true;
        case Tag::boot_id:
            times.boot_id = std::string(bytes);
            return true;
        case Tag::generation:
            return take_number(bytes, times.generation);
        case Tag::first_generation:
            return take_number(bytes, times.first_generation);
        case Tag::issued_at:
        case Tag::issued_boot:
        case Tag::expires_at:
        case Tag::expires_boot:
        case Tag::lifetime:
            return take_time(tag, bytes, times);
        case Tag::source: {
            const auto source = core::expiry_source_from_name(bytes);
            if (source) times.source = *source;
            return source.has_value();
        }
        case Tag::jitter: {
            std::uint64_t bits = 0;
            if (!take_number(bytes, bits)) return false;
            std::memcpy(&times.jitter, &bits, sizeof(bits));
            return times.jitter >= 0 && times.jitter < 1;
        }
    }
    return true;  // of a newer program
}

}  // namespace

Secret encode_token(const SealedToken& token) {
    Secret bytes = Secret::of_size(write(token, nullptr));
    write(token, bytes.writable().data());
    return bytes;
}

Result<SealedToken> decode_token(const Secret& bytes) {
    const Error wrong(Errc::corrupt, "what was sealed is no token");
    SealedToken token;
    std::string_view rest = bytes.reveal();
    while (!rest.empty()) {
        if (rest.size() < 6) return wrong;
        const auto tag = static_cast<Tag>(from_little_endian(rest.substr(0, 2)));
        const std::uint64_t size = from_little_endian(rest.substr(2, 4));
        rest.remove_prefix(6);
        if (size > rest.size() || !take_member(tag, rest.substr(0, size), token)) return wrong;
        rest.remove_prefix(size);
    }
    if (token.value.empty() || token.header_name.empty() || token.times.generation == 0)
        return wrong;
    return token;
}

std::string encode_binding(const Binding& binding) {
    std::string bytes;
    const auto part = [&bytes](std::string_view text) {
        bytes.append(little_endian<4>(text.size())).append(text);
    };
    part(binding.account.text());
    part(binding.recipe);
    part(binding.origin);
    for (const auto& [name, value] : binding.identity) {
        part(name);
        part(value);
    }
    return bytes;
}

}  // namespace tokenbroker::state
