#pragma once

namespace tokenbroker::support {

// Whether all this runs under the sanitizers, which take their time and memory.
#ifdef __SANITIZE_ADDRESS__
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

}  // namespace tokenbroker::support
