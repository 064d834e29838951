#include "base/place.hpp"

namespace tokenbroker {

std::string Place::text() const {
    if (line == 0) return file;
    return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

}  // namespace tokenbroker
