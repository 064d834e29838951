#include "upstream/request_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokenbroker::upstream {
namespace {

using testing::HasSubstr;
using testing::Not;

Endpoint endpoint_of(const std::string& host, std::uint16_t port, bool tls = true) {
    Endpoint endpoint;
    endpoint.tls = tls;
    endpoint.at = {host, port};
    return endpoint;
}
Request request_of(std::string method, std::string_view target) {
    Request request;
    request.method = std::move(method);
    request.target = Secret(target);
    return request;
}
std::string text_of(const Request& request,
                    const Endpoint& endpoint = endpoint_of("api.example", 443)) {
    const auto text = request_text(endpoint, request, "agent/1");
    return text ? std::string(text->begin(), text->end()) : "error: " + text.error().message();
}

TEST(Endpoint, names_the_port_where_it_is_not_the_usual_one) {
    EXPECT_EQ(endpoint_of("api.example", 443).authority(), "api.example");
    EXPECT_EQ(endpoint_of("api.example", 8443).authority(), "api.example:8443");
    EXPECT_EQ(endpoint_of("api.example", 80, false).authority(), "api.example");
    EXPECT_EQ(endpoint_of("::1", 443).authority(), "[::1]");
    EXPECT_EQ(endpoint_of("::1", 8443).authority(), "[::1]:8443");
}

TEST(RequestText, sends_a_length_with_every_method_that_may_have_a_body) {
    EXPECT_THAT(text_of(request_of("GET", "/")), Not(HasSubstr("Content-Length")));
    EXPECT_THAT(text_of(request_of("POST", "/")), HasSubstr("Content-Length: 0\r\n"));
    Request request = request_of("PUT", "/");
    request.body = Secret("12345");
    EXPECT_THAT(text_of(request), HasSubstr("Content-Length: 5\r\nConnection: close\r\n\r\n12345"));
}

TEST(RequestText, lets_a_recipe_choose_what_is_a_matter_of_taste) {
    Request request = request_of("GET", "/");
    request.headers.emplace_back("accept", Secret("text/plain"));
    request.headers.emplace_back("User-Agent", Secret("mine"));
    EXPECT_THAT(text_of(request), HasSubstr("accept: text/plain\r\nUser-Agent: mine\r\n"));
    EXPECT_THAT(text_of(request), Not(HasSubstr("application/json")));
    EXPECT_THAT(text_of(request), Not(HasSubstr("agent/1")));
}

TEST(RequestText, refuses_whatever_would_leave_its_place) {
    EXPECT_THAT(text_of(request_of("GET x", "/")), HasSubstr("error: the request's method"));
    EXPECT_THAT(text_of(request_of("GET", "path")), HasSubstr("error: the request's path"));
    for (const std::string_view target :
         {"/a b", "/a\r\nX: y", "/\xc3\xa4", "/a\x7f", "http://other.example/"})
        EXPECT_THAT(text_of(request_of("GET", target)), HasSubstr("error: the request's path"));
    for (const std::string_view value : {"a\r\nX: y", "a\nb", "a\x01b", "a\x7f"}) {
        Request request = request_of("GET", "/");
        request.headers.emplace_back("X-Mine", Secret(value));
        EXPECT_THAT(text_of(request), HasSubstr("error: the header X-Mine"));
    }
    for (const std::string name :
         {"host", "Content-Length", "transfer-encoding", "Connection", "Expect", "X-Request-Id"}) {
        Request request = request_of("GET", "/");
        request.headers.emplace_back(name, Secret("x"));
        EXPECT_THAT(text_of(request), HasSubstr("can't be set by a recipe"));
    }
    Request request = request_of("GET", "/");
    request.headers.emplace_back("X: y\r\nZ", Secret("x"));
    EXPECT_THAT(text_of(request), HasSubstr("error: the name of a header"));
    request = request_of("GET", "/");
    request.id = "a\r\nb";
    EXPECT_THAT(text_of(request), HasSubstr("error: the request's id"));
}

}  // namespace
}  // namespace tokenbroker::upstream
