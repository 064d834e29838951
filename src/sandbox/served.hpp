#pragma once

#include "base/error.hpp"
#include "sandbox/message.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace tokenbroker::sandbox {

// An answer for requests that a test describes: for an API that no vendor here has.
class ServedAnswer {
public:
    // { "method", "path", "if": { "headers", "body" }, "name", "status", "headers", "body" }; a
    // member that is unknown or of a wrong type is an error.
    static Result<ServedAnswer> parse(const boost::json::object& object);

    // By method and path, by headers that have to be there with these values, and by members that
    // the body (JSON or a form) has to hold, whatever else it holds.
    [[nodiscard]] bool fits(const Request& request) const;
    // "served:NAME", where no name was given "served:PATH".
    [[nodiscard]] std::string endpoint() const {
        return "served:" + (name_.empty() ? path_ : name_);
    }
    // Each "$RANDOM" in its body is a new text, so that a login made up by a test gives new tokens.
    [[nodiscard]] Response response() const;

private:
    bool assign(std::string_view name, const boost::json::value& value);

    std::string method_;
    std::string path_;
    std::string name_;
    boost::json::object if_headers_;
    boost::json::object if_body_;
    int status_ = 200;
    boost::json::object headers_;
    std::string body_;
};

}  // namespace tokenbroker::sandbox
