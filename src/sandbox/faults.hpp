#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "sandbox/message.hpp"

#include <boost/json/object.hpp>

#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tokenbroker::sandbox {

// How an answer goes out.
struct Delivery {
    enum class End { keep, close, reset, hang };

    std::string bytes;
    Milliseconds delay = Milliseconds::zero();  // before the first byte
    std::size_t chunk = 0;                      // bytes at a time; 0: all at once
    Milliseconds pause = Milliseconds::zero();  // between chunks
    End end = End::keep;
};

// Something that goes wrong on purpose, for the next `times` requests of an endpoint.
struct Fault {
    std::string endpoint = "*";  // exact, or with a last '*': "rossum.*"
    std::string account;         // empty: of any
    std::string kind;            // see fault_kinds()
    unsigned times = 1;          // 0: until cleared
    unsigned skip = 0;           // let this many by first
    bool after = false;          // the request is acted on first; only its answer suffers
    int status = 503;
    std::vector<std::pair<std::string, std::string>> headers;
    std::optional<std::string> body;
    Milliseconds delay = Milliseconds(1000);
    std::string location;

    // {"endpoint", "do", ...}; the name of an unknown member or kind is an error.
    static Result<Fault> parse(const boost::json::object& object);
    // Whether the request is acted on at all.
    [[nodiscard]] bool acts() const;
    // What goes out in the place of `answer`.
    [[nodiscard]] Delivery deliver(const Request& request, Response answer) const;
};

// Name and meaning of each value of "do", for the help.
struct FaultKind {
    std::string_view name;
    std::string_view help;
};
const std::vector<FaultKind>& fault_kinds();

class Faults {
public:
    void add(Fault fault) { faults_.push_back(std::move(fault)); }
    void clear() { faults_.clear(); }
    // The first fault that is meant for this request; counts it down.
    std::optional<Fault> take(std::string_view endpoint, std::string_view account);

private:
    std::list<Fault> faults_;
};

}  // namespace tokenbroker::sandbox
