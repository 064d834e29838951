#include "state/ledger_json.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <limits>
#include <string_view>
#include <type_traits>

namespace tokenbroker::state {
namespace {

namespace json = boost::json;

// How a member is put into JSON and taken out again. take() says false where the JSON is of another
// type.
json::value put(const std::string& text) {
    return json::string(text);
}
json::value put(std::uint64_t number) {
    return number;
}
json::value put(unsigned number) {
    return std::uint64_t{number};
}
json::value put(bool truth) {
    return truth;
}
json::value put(Milliseconds duration) {
    return duration.count();
}
json::value put(WallTime time) {
    return time.time_since_epoch().count();
}
json::value put(BootTime time) {
    return time.time_since_epoch().count();
}
json::value put(core::Cause cause) {
    return json::string(core::cause_name(cause));
}
json::value put(core::Verdict verdict) {
    return json::string(core::verdict_name(verdict));
}
json::value put(std::optional<int> number) {
    return number ? json::value(std::int64_t{*number}) : json::value(nullptr);
}

bool take(const json::value& from, std::string& text) {
    if (!from.is_string()) return false;
    text = from.get_string().c_str();
    return true;
}
template <class Number>
bool take_number(const json::value& from, Number& number) {
    boost::system::error_code error;
    const auto value = from.to_number<Number>(error);
    if (!error) number = value;
    return !error;
}
bool take(const json::value& from, std::uint64_t& number) {
    return take_number(from, number);
}
bool take(const json::value& from, unsigned& number) {
    return take_number(from, number);
}
bool take(const json::value& from, bool& truth) {
    if (from.is_bool()) truth = from.get_bool();
    return from.is_bool();
}
bool take(const json::value& from, Milliseconds& duration) {
    std::int64_t count = 0;
    if (!take_number(from, count)) return false;
    duration = Milliseconds(count);
    return true;
}
template <class Clock>
bool take(const json::value& from, std::chrono::time_point<Clock, Milliseconds>& time) {
    Milliseconds since{};
    if (!take(from, since)) return false;
    time = std::chrono::time_point<Clock, Milliseconds>(since);
    return true;
}
template <class Word>
bool take_word(const json::value& from, std::optional<Word> (*parse)(std::string_view) noexcept,
               Word& word) {
    if (!from.is_string()) return false;
    const auto parsed = parse(std::string_view(from.get_string()));
    if (parsed) word = *parsed;
    return parsed.has_value();
}
bool take(const json::value& from, core::Cause& cause) {
    return take_word(from, &core::cause_from_name, cause);
}
bool take(const json::value& from, core::Verdict& verdict) {
    return take_word(from, &core::verdict_from_name, verdict);
}
bool take(const json::value& from, std::optional<int>& number) {
    if (from.is_null()) {
        number.reset();
        return true;
    }
    return take_number(from, number.emplace());
}

class Writing {
public:
    explicit Writing(json::object& object) : object_(object) {}
    template <class Value>
    void operator()(const char* name, const Value& value) {
        object_[name] = put(value);
    }

private:
    json::object& object_;
};

class Reading {
public:
    Reading(const json::object& object, bool& good) : object_(object), good_(good) {}
    template <class Value>
    void operator()(const char* name, Value& value) {
        const json::value* found = object_.if_contains(name);
        if (found != nullptr && !take(*found, value)) good_ = false;
    }

private:
    const json::object& object_;
    bool& good_;
};

template <class Record, class Visit>
void visit_stamp(Record& record, Visit& visit) {
    visit("wall", record.at.wall);
    visit("boot", record.at.boot);
    visit("boot_id", record.at.boot_id);
}
// One list of members a record, for both directions. Names are for good: files with them are about.
template <class Record, class Visit>
void visit_members(Record& record, Visit& visit) {
    using R = std::remove_const_t<Record>;
    constexpr bool attempt = std::is_same_v<R, core::AttemptRecord>;
    constexpr bool outcome = std::is_same_v<R, core::OutcomeRecord>;
    constexpr bool throttle = std::is_same_v<R, core::ThrottleRecord>;
    constexpr bool cleared = std::is_same_v<R, core::ThrottleClearedRecord>;
    constexpr bool suspended = std::is_same_v<R, core::SuspendedRecord>;
    constexpr bool resumed = std::is_same_v<R, core::ResumedRecord>;
    visit_stamp(record, visit);
    if constexpr (attempt || outcome) visit("id", record.id);
    if constexpr (attempt || outcome || suspended || resumed) visit("account", record.account);
    if constexpr (attempt || outcome || throttle || cleared) visit("realm", record.realm);
    if constexpr (attempt) {
        visit("cause", record.cause);
        visit("settled", record.settled);
        visit("window", record.window);
    }
    if constexpr (outcome) {
        visit("verdict", record.verdict);
        visit("refunded", record.refunded);
        visit("failures", record.failures);
        visit("faults", record.faults);
    }
    if constexpr (outcome || throttle) {
        visit("throttles", record.throttles);
        visit("wait", record.wait);
    }
    if constexpr (suspended) visit("fingerprint", record.fingerprint);
    if constexpr (outcome || suspended) {
        visit("step", record.step);
        visit("status", record.status);
        visit("message", record.message);
    }
}

constexpr const char* kind_of(const core::AttemptRecord&) {
    return "attempt";
}
constexpr const char* kind_of(const core::OutcomeRecord&) {
    return "outcome";
}
constexpr const char* kind_of(const core::ThrottleRecord&) {
    return "throttle";
}
constexpr const char* kind_of(const core::ThrottleClearedRecord&) {
    return "throttle_cleared";
}
constexpr const char* kind_of(const core::SuspendedRecord&) {
    return "suspended";
}
constexpr const char* kind_of(const core::ResumedRecord&) {
    return "resumed";
}
constexpr const char* kind_of(const core::ClockRecord&) {
    return "clock";
}
constexpr const char* kind_of(const core::LostRecord&) {
    return "lost";
}

template <class Record>
bool read_as(std::string_view kind, const json::object& object,
             std::optional<core::LedgerRecord>& out) {
    Record record;
    if (kind != kind_of(record)) return false;
    bool good = true;
    Reading reading(object, good);
    visit_members(record, reading);
    if (good) out = std::move(record);
    return true;
}

template <class... Records>
std::optional<core::LedgerRecord> read_one_of(std::string_view kind, const json::object& object,
                                              const std::variant<Records...>*) {
    std::optional<core::LedgerRecord> record;
    [[maybe_unused]] const bool known = (read_as<Records>(kind, object, record) || ...);
    return record;
}

}  // namespace

std::string encode_record(const core::LedgerRecord& record) {
    json::object object;
    std::visit(
        [&object](const auto& one) {
            object["kind"] = json::string(kind_of(one));
            Writing writing(object);
            visit_members(one, writing);
        },
        record);
    return json::serialize(object);
}

std::optional<core::LedgerRecord> decode_record(const std::string& line) {
    json::parse_options options;
    // A message may quote an upstream that does not keep to UTF-8: no reason to lose a ledger.
    options.allow_invalid_utf8 = true;
    boost::system::error_code error;
    const json::value value = json::parse(line, error, {}, options);
    if (error || !value.is_object()) return std::nullopt;
    const json::object& object = value.get_object();
    const json::value* kind = object.if_contains("kind");
    if (kind == nullptr || !kind->is_string()) return std::nullopt;
    const core::LedgerRecord* any_record = nullptr;
    return read_one_of(std::string_view(kind->get_string()), object, any_record);
}

}  // namespace tokenbroker::state
