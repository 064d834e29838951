#include "host/descriptor.hpp"

#include <unistd.h>

namespace tokenbroker::host {

void Descriptor::reset(int number) noexcept {
    const int before = std::exchange(number_, number);
    if (before >= 0) ::close(before);
}

}  // namespace tokenbroker::host
