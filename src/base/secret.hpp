#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace tokenbroker {

// Where secrets live. The default is the ordinary heap; host/ puts a locked arena in its place at
// start, before the first Secret is made. Memory is wiped by Secret itself before it is given back.
struct SecretMemory {
    void* (*allocate)(std::size_t bytes);  // never null: throws std::bad_alloc
    void (*release)(void* memory, std::size_t bytes) noexcept;
};
void use_secret_memory(SecretMemory memory) noexcept;

// A password, a key or a token. It can't be printed, formatted, compared in variable time or
// converted by accident; reveal() is the one way to its bytes, so that every use can be found.
// Wiped when dropped.
class Secret {
public:
    Secret() noexcept = default;
    explicit Secret(std::string_view bytes);
    Secret(const Secret& other);
    Secret(Secret&& other) noexcept;
    Secret& operator=(const Secret& other);
    Secret& operator=(Secret&& other) noexcept;
    ~Secret();

    // A secret of `size` zero bytes, to be filled in place through writable().
    static Secret of_size(std::size_t size);

    [[nodiscard]] std::string_view reveal() const noexcept { return {data_, size_}; }
    [[nodiscard]] std::span<char> writable() noexcept { return {data_, size_}; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    // Takes the time of the longer one, wherever they differ.
    friend bool operator==(const Secret& left, const Secret& right) noexcept;

private:
    void drop() noexcept;

    char* data_ = nullptr;
    std::size_t size_ = 0;
};

// Overwrites memory in a way that the compiler may not leave out.
void wipe(void* memory, std::size_t bytes) noexcept;

}  // namespace tokenbroker
