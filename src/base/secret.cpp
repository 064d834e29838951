#include "base/secret.hpp"

#include <cstring>
#include <new>
#include <utility>

namespace tokenbroker {
namespace {

void* heap_allocate(std::size_t bytes) {
    return ::operator new(bytes);
}
void heap_release(void* memory, std::size_t) noexcept {
    ::operator delete(memory);
}

// Process-wide by nature: every Secret, wherever it is made, has to live in the arena.
SecretMemory& memory_in_use() noexcept {
    static SecretMemory memory{&heap_allocate, &heap_release};
    return memory;
}

}  // namespace

void use_secret_memory(SecretMemory memory) noexcept {
    memory_in_use() = memory;
}

void wipe(void* memory, std::size_t bytes) noexcept {
    if (memory != nullptr && bytes > 0) ::explicit_bzero(memory, bytes);
}

Secret::Secret(std::string_view bytes) : Secret(of_size(bytes.size())) {
    if (!bytes.empty()) std::memcpy(data_, bytes.data(), bytes.size());
}

Secret::Secret(const Secret& other) : Secret(other.reveal()) {}

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(const Secret& other) {
    Secret copy(other);
    *this = std::move(copy);
    return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        drop();
        data_ = std::exchange(other.data_, nullptr);
        size_ = std::exchange(other.size_, 0);
    }
    return *this;
}

Secret::~Secret() {
    drop();
}

Secret Secret::of_size(std::size_t size) {
    Secret secret;
    if (size > 0) {
        secret.data_ = static_cast<char*>(memory_in_use().allocate(size));
        secret.size_ = size;
        std::memset(secret.data_, 0, size);
    }
    return secret;
}

void Secret::drop() noexcept {
    if (data_ == nullptr) return;
    wipe(data_, size_);
    memory_in_use().release(data_, size_);
    data_ = nullptr;
    size_ = 0;
}

bool operator==(const Secret& left, const Secret& right) noexcept {
    const std::size_t longer = left.size_ > right.size_ ? left.size_ : right.size_;
    unsigned char difference = left.size_ == right.size_ ? 0 : 1;
    for (std::size_t i = 0; i < longer; ++i) {
        const char a = i < left.size_ ? left.data_[i] : '\0';
        const char b = i < right.size_ ? right.data_[i] : '\0';
        difference = static_cast<unsigned char>(difference | static_cast<unsigned char>(a ^ b));
    }
    return difference == 0;
}

}  // namespace tokenbroker
