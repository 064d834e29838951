#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <sys/uio.h>
#include <vector>

namespace tokenbroker::api {

// What keeps bytes alive until they are sent. Null: they live until the end of the turn only.
using Owner = std::shared_ptr<const void>;

enum class Sent : std::uint8_t { all, some, failed };

// What a reader did not take yet, shared and not copied. Empty for all connections but slow ones.
class Backlog {
public:
    void add(std::string_view bytes, Owner owner);
    [[nodiscard]] Sent send(int socket);
    [[nodiscard]] bool empty() const noexcept { return first_ == pieces_.size(); }

private:
    struct Piece {
        std::string_view bytes;
        Owner owner;
    };
    std::vector<Piece> pieces_;
    std::size_t first_ = 0;
};

// The answers of one connection in one turn, gathered and sent by one system call. There is one for
// all connections: between turns it is empty.
class Outbox {
public:
    void add(std::string_view bytes, Owner owner = nullptr);
    void add_text(std::string text);
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    // Room for one more answer, which is at most three pieces.
    [[nodiscard]] bool has_room() const noexcept { return count_ + 3 <= most; }

    // Empties the box; what the socket does not take goes to `backlog`.
    [[nodiscard]] Sent send(int socket, Backlog& backlog);

private:
    static constexpr std::size_t most = 56;
    void clear() noexcept;

    std::array<iovec, most> pieces_{};
    std::array<Owner, most> owners_;
    std::size_t count_ = 0;
};

}  // namespace tokenbroker::api
