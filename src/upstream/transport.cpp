#include "upstream/transport.hpp"

namespace tokenbroker::upstream {

std::string_view phase_name(Phase phase) noexcept {
    switch (phase) {
        case Phase::prepare:
            return "prepare";
        case Phase::resolve:
            return "resolve";
        case Phase::connect:
            return "connect";
        case Phase::proxy:
            return "proxy";
        case Phase::handshake:
            return "handshake";
        case Phase::send:
            return "send";
        case Phase::receive:
            return "receive";
    }
    return "unknown";
}

void throw_exception_from_error(const Failure& failure, const boost::source_location& where) {
    throw_exception_from_error(failure.error, where);
}

}  // namespace tokenbroker::upstream
