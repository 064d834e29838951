#include "sandbox/faults.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace tokenbroker::sandbox {

namespace json = boost::json;

namespace {

bool matches(std::string_view pattern, std::string_view endpoint) {
    if (pattern.ends_with('*')) return endpoint.starts_with(pattern.substr(0, pattern.size() - 1));
    return pattern == endpoint;
}

Error mistake(const std::string& what) {
    return {Errc::invalid_input, "fault: " + what};
}

// One member into the fault; false: no such member, or of the wrong type.
bool assign(Fault& fault, std::string_view name, const json::value& value) {
    const auto number = [&](auto& target) {
        if (!value.is_int64() || value.get_int64() < 0 || value.get_int64() > 1'000'000)
            return false;
        target = static_cast<std::remove_reference_t<decltype(target)>>(value.get_int64());
        return true;
    };
    const auto text = [&](std::string& target) {
        if (!value.is_string()) return false;
        target = std::string(value.get_string());
        return true;
    };
    if (name == "endpoint") return text(fault.endpoint);
    if (name == "account") return text(fault.account);
    if (name == "do") return text(fault.kind);
    if (name == "location") return text(fault.location);
    if (name == "times") return number(fault.times);
    if (name == "skip") return number(fault.skip);
    if (name == "status") return number(fault.status);
    if (name == "after") {
        if (value.is_bool()) fault.after = value.get_bool();
        return value.is_bool();
    }
    if (name == "retry_after") {
        const std::string shown =
            value.is_string() ? std::string(value.get_string()) : json::serialize(value);
        fault.headers.emplace_back("Retry-After", shown);
        return value.is_string() || value.is_number();
    }
    if (name == "body") {
        fault.body = value.is_string() ? std::string(value.get_string()) : json::serialize(value);
        return true;
    }
    if (name == "delay") {
        const auto delay =
            value.is_string() ? parse_duration(value.get_string()) : parse_duration("");
        if (delay) fault.delay = *delay;
        return delay.has_value();
    }
    if (name == "headers" && value.is_object()) {
        for (const auto& [header, content] : value.get_object()) {
            if (!content.is_string()) return false;
            fault.headers.emplace_back(std::string(header), std::string(content.get_string()));
        }
        return true;
    }
    return false;
}

// The same JSON with numbers for texts, texts for numbers, and lists for the rest.
json::value other_types(const json::value& value) {
    if (value.is_object()) {
        json::object changed;
        for (const auto& [name, member] : value.get_object())
            changed[name] = other_types(member);
        return changed;
    }
    if (value.is_string()) return 42;
    if (value.is_number()) return json::value(json::object{{"seconds", value}});
    return json::array{value};
}

std::string deep_json() {
    constexpr std::size_t depth = 5000;
    std::string text;
    for (std::size_t level = 0; level < depth; ++level)
        text += "{\"key\":";
    return text + "1" + std::string(depth, '}');
}

// Longer than anybody should take: 4 MiB, and valid all the same.
std::string oversized_json() {
    return R"({"key":"0123456789","access_token":"0123456789","padding":")" +
           std::string(4U << 20U, 'x') + "\"}";
}

}  // namespace

const std::vector<FaultKind>& fault_kinds() {
    static const std::vector<FaultKind> kinds{
        {"status", "answer `status` (503) with `headers`, `retry_after`, `body`"},
        {"echo", "answer `status` with the request's Authorization and body quoted in \"detail\""},
        {"delay", "the real answer, `delay` (1s) later"},
        {"drip", "the real answer, one byte every `delay`"},
        {"hang", "no answer, the connection stays open"},
        {"reset", "a TCP reset instead of an answer"},
        {"close", "the connection closed instead of an answer"},
        {"truncate", "half of the real answer, then closed"},
        {"html", "200 and a page for people"},
        {"nonsense", "200, JSON by its Content-Type, not by its body"},
        {"garbage", "bytes that are no HTTP"},
        {"oversized", "200 and 4 MiB of valid JSON"},
        {"deep", "200 and JSON 5000 levels deep"},
        {"empty", "200 and {}"},
        {"list", "200 and a JSON list"},
        {"wrong_types", "the real answer with numbers for texts and the other way round"},
        {"control_characters", "200 and a token with CR LF and NUL in it"},
        {"redirect", "302 to `location` (default: the same path with a slash more)"},
        {"big_header", "200 with 256 KiB of header"},
    };
    return kinds;
}

Result<Fault> Fault::parse(const json::object& object) {
    Fault fault;
    for (const auto& [name, value] : object) {
        if (!assign(fault, name, value))
            return mistake("'" + std::string(name) + "' is unknown or of a wrong type");
    }
    if (std::ranges::find(fault_kinds(), std::string_view(fault.kind), &FaultKind::name) ==
        fault_kinds().end()) {
        return mistake("do: '" + fault.kind + "' is none of those in GET /sandbox/");
    }
    return fault;
}

bool Fault::acts() const {
    return after || kind == "delay" || kind == "drip" || kind == "truncate" ||
           kind == "wrong_types";
}

Delivery Fault::deliver(const Request& request, Response answer) const {
    Delivery delivery;
    const auto say = [&](int code, const char* type, std::string content) {
        Response response{code, {{"Content-Type", type}}, std::move(content)};
        response.headers.insert(response.headers.end(), headers.begin(), headers.end());
        delivery.bytes = response.wire(false);
    };
    if (kind == "status") {
        say(status, "application/json",
            body.value_or(R"({"detail": "The sandbox was told to say this."})"));
    } else if (kind == "echo") {
        const std::string quoted =
            std::string(request.header("authorization")) + " " + request.body;
        say(status, "application/json", json_text(json::object{{"detail", quoted}}));
    } else if (kind == "delay") {
        delivery.bytes = answer.wire(false);
        delivery.delay = delay;
    } else if (kind == "drip") {
        delivery.bytes = answer.wire(false);
        delivery.chunk = 1;
        delivery.pause = delay;
    } else if (kind == "hang") {
        delivery.end = Delivery::End::hang;
    } else if (kind == "reset") {
        delivery.end = Delivery::End::reset;
    } else if (kind == "close") {
        delivery.end = Delivery::End::close;
    } else if (kind == "truncate") {
        delivery.bytes = answer.wire(true);
        delivery.bytes.resize(delivery.bytes.size() - answer.body.size() / 2 - 1);
        delivery.end = Delivery::End::close;
    } else if (kind == "html") {
        say(200, "text/html", "<html><body><h1>We will be back soon</h1></body></html>\n");
    } else if (kind == "nonsense") {
        say(200, "application/json", "{\"key\": \"half of a");
    } else if (kind == "garbage") {
        delivery.bytes = "SSH-2.0-this-is-not-http\r\n\r\n";
        delivery.end = Delivery::End::close;
    } else if (kind == "oversized") {
        say(200, "application/json", oversized_json());
    } else if (kind == "deep") {
        say(200, "application/json", deep_json());
    } else if (kind == "empty") {
        say(200, "application/json", "{}");
    } else if (kind == "list") {
        say(200, "application/json", "[1, 2, 3]");
    } else if (kind == "control_characters") {
        say(200, "application/json",
            R"({"key":"abc\r\nX-Evil: 1\u0000","access_token":"abc\r\nX-Evil: 1\u0000"})");
    } else if (kind == "wrong_types") {
        boost::system::error_code failure;
        answer.body = json::serialize(other_types(json::parse(answer.body, failure)));
        delivery.bytes = answer.wire(false);
    } else if (kind == "redirect") {
        Response response{
            302, {{"Location", location.empty() ? request.path + "/" : location}}, ""};
        delivery.bytes = response.wire(false);
    } else if (kind == "big_header") {
        Response response = json_response(200, json::object{});
        for (int line = 0; line < 256; ++line)
            response.headers.emplace_back("X-Padding", std::string(1024, 'x'));
        delivery.bytes = response.wire(false);
    }
    return delivery;
}

std::optional<Fault> Faults::take(std::string_view endpoint, std::string_view account) {
    for (auto fault = faults_.begin(); fault != faults_.end(); ++fault) {
        if (!matches(fault->endpoint, endpoint)) continue;
        if (!fault->account.empty() && fault->account != account) continue;
        if (fault->skip > 0) {
            --fault->skip;
            continue;
        }
        Fault taken = *fault;
        if (fault->times > 0 && --fault->times == 0) faults_.erase(fault);
        return taken;
    }
    return std::nullopt;
}

}  // namespace tokenbroker::sandbox
