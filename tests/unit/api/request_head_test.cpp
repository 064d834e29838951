#include "api/request.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace tokenbroker::api {
namespace {

std::string why(const std::string& head) {
    const auto parsed = parse_head(head);
    const auto* bad = std::get_if<BadRequest>(&parsed);
    return bad == nullptr ? "" : bad->why;
}

// What it gives refers to `head`.
Request good(const std::string& head) {
    const auto parsed = parse_head(head);
    const auto* request = std::get_if<Request>(&parsed);
    EXPECT_NE(request, nullptr) << head << ": " << why(head);
    return request == nullptr ? Request{} : *request;
}

HeadEnd::State end_state(std::string_view bytes) {
    std::size_t scanned = 0;
    return find_head_end(bytes, scanned).state;
}

TEST(RequestHead, is_what_curl_sends) {
    const std::string head =
        "GET /v1/accounts/a/token?wait=5s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: "
        "curl/7.88.1\r\nAccept: */*\r\n\r\n";
    const Request request = good(head);
    EXPECT_EQ(request.method, Method::get);
    EXPECT_EQ(request.path, "/v1/accounts/a/token");
    EXPECT_EQ(request.query, "wait=5s");
    EXPECT_FALSE(request.close);
    EXPECT_FALSE(request.http10);
    EXPECT_FALSE(request.has_body());
    EXPECT_EQ(request.head, head);
}

TEST(RequestHead, is_what_python_and_node_and_go_send) {
    const Request python = good(
        "POST /x HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: identity\r\nContent-Length: "
        "2\r\n\r\n");
    EXPECT_EQ(python.method, Method::post);
    EXPECT_EQ(python.content_length, 2U);
    const Request node =
        good("GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_FALSE(node.close);
    const Request go = good(
        "POST /x HTTP/1.1\r\nHost: unix\r\nUser-Agent: Go-http-client/1.1\r\nTransfer-Encoding: "
        "chunked\r\n\r\n");
    EXPECT_TRUE(go.chunked);
}

TEST(RequestHead, names_of_headers_have_no_case) {
    const std::string head =
        "GET / HTTP/1.1\r\nACCEPT: text/plain\r\nif-NONE-match: \"1\"\r\ncONNECTION: "
        "Close\r\nLAST-event-id:7\r\n\r\n";
    const Request request = good(head);
    EXPECT_TRUE(request.close);
    EXPECT_TRUE(names_media_type(request.accept, "text/plain"));
    EXPECT_TRUE(matches_tag(request.if_none_match, "\"1\""));
    EXPECT_EQ(*request.last_event_id.begin(), "7");
}

TEST(RequestHead, of_http_1_0_ends_the_connection) {
    const Request request =
        good("GET / HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_TRUE(request.http10);
    EXPECT_TRUE(request.close);
    EXPECT_FALSE(request.expects_continue);
}

TEST(RequestHead, may_have_the_absolute_form) {
    const std::string head = "GET http://localhost:80/healthz?x HTTP/1.1\r\n\r\n";
    const Request request = good(head);
    EXPECT_EQ(request.path, "/healthz");
    EXPECT_EQ(request.query, "x");
}

TEST(RequestHead, connection_is_a_list) {
    EXPECT_TRUE(good("GET / HTTP/1.1\r\nConnection: foo , close\r\n\r\n").close);
    EXPECT_TRUE(good("GET / HTTP/1.1\r\nConnection: x\r\nConnection: close\r\n\r\n").close);
    EXPECT_FALSE(good("GET / HTTP/1.1\r\nConnection: closed, , upgrade\r\n\r\n").close);
}

struct BadHead {
    const char* what;
    std::string head;
};

TEST(RequestHead, is_refused_where_it_is_not_strictly_http) {
    const std::vector<BadHead> table{
        {"no version", "GET /\r\n\r\n"},
        {"no path", "GET  HTTP/1.1\r\n\r\n"},
        {"two spaces", "GET  / HTTP/1.1\r\n\r\n"},
        {"space in the path", "GET /a b HTTP/1.1\r\n\r\n"},
        {"tab in the request line", "GET\t/ HTTP/1.1\r\n\r\n"},
        {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\n"},
        {"HTTP/0.9", "GET / HTTP/0.9\r\n\r\n"},
        {"HTTP/1.2", "GET / HTTP/1.2\r\n\r\n"},
        {"lower case version", "GET / http/1.1\r\n\r\n"},
        {"star", "OPTIONS * HTTP/1.1\r\n\r\n"},
        {"authority form", "CONNECT localhost:80 HTTP/1.1\r\n\r\n"},
        {"relative path", "GET healthz HTTP/1.1\r\n\r\n"},
        {"absolute form without path", "GET http://localhost HTTP/1.1\r\n\r\n"},
        {"other scheme", "GET file:///etc/passwd HTTP/1.1\r\n\r\n"},
        {"fragment", "GET /a#b HTTP/1.1\r\n\r\n"},
        {"NUL in the path", std::string("GET /a\0b HTTP/1.1\r\n\r\n", 22)},
        {"high byte in the path", "GET /\xC3\xA4 HTTP/1.1\r\n\r\n"},
        {"method with a slash", "G/T / HTTP/1.1\r\n\r\n"},
        {"empty method", " / HTTP/1.1\r\n\r\n"},
        {"folded header", "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n"},
        {"folded first header", "GET / HTTP/1.1\r\n A: b\r\n\r\n"},
        {"space before the colon", "GET / HTTP/1.1\r\nA : b\r\n\r\n"},
        {"no colon", "GET / HTTP/1.1\r\nA b\r\n\r\n"},
        {"no name", "GET / HTTP/1.1\r\n: b\r\n\r\n"},
        {"NUL in a value", std::string("GET / HTTP/1.1\r\nA: b\0c\r\n\r\n", 27)},
        {"bare CR in a value", "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n"},
        {"DEL in a value", "GET / HTTP/1.1\r\nA: b\x7F\r\n\r\n"},
        {"length that is none", "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n"},
        {"empty length", "GET / HTTP/1.1\r\nContent-Length:\r\n\r\n"},
        {"signed length", "GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n"},
        {"negative length", "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"},
        {"hexadecimal length", "GET / HTTP/1.1\r\nContent-Length: 0x1\r\n\r\n"},
        {"list of lengths", "GET / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n"},
        {"length that overflows", "GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"},
        {"two lengths", "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"},
        {"length and chunks",
         "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {"chunks and length",
         "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"},
        {"other coding", "GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n"},
        {"chunked first", "GET / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n"},
        {"chunked twice",
         "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {"chunked on 1.0", "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {"unknown expectation", "GET / HTTP/1.1\r\nExpect: the-unexpected\r\n\r\n"},
        {"five Accept lines",
         "GET / HTTP/1.1\r\nAccept: a\r\nAccept: a\r\nAccept: a\r\nAccept: a\r\nAccept: a\r\n\r\n"},
    };
    for (const BadHead& row : table)
        EXPECT_NE(why(row.head), "") << row.what;
}

TEST(HeadEnd, is_found_whatever_pieces_it_comes_in) {
    const std::string whole = "GET / HTTP/1.1\r\nA: b\r\n\r\nPOST";
    std::size_t scanned = 0;
    for (std::size_t size = 1; size < whole.size(); ++size) {
        const HeadEnd end = find_head_end(std::string_view(whole).substr(0, size), scanned);
        if (size < 24) {
            ASSERT_EQ(end.state, HeadEnd::State::more) << size;
        } else {
            ASSERT_EQ(end.state, HeadEnd::State::found);
            EXPECT_EQ(end.size, 24U);
            return;
        }
    }
    FAIL() << "never found";
}

TEST(HeadEnd, a_line_that_does_not_end_in_crlf_is_bad_at_once) {
    EXPECT_EQ(end_state("GET / HTTP/1.1\n"), HeadEnd::State::bad);
    EXPECT_EQ(end_state("GET / HTTP/1.1\r\nA: b\n\r\n"), HeadEnd::State::bad);
    EXPECT_EQ(end_state("\x16\x03\x01"), HeadEnd::State::bad) << "a TLS hello";
    EXPECT_EQ(end_state(std::string_view("\0", 1)), HeadEnd::State::bad);
    EXPECT_EQ(end_state("\n"), HeadEnd::State::bad);
}

TEST(MediaTypes, are_named_by_ranges_with_a_weight_above_zero) {
    Lines accept;
    ASSERT_TRUE(accept.add("text/html , text/plain;q=0.5"));
    ASSERT_TRUE(accept.add("application/json;q=0.0"));
    EXPECT_TRUE(names_media_type(accept, "text/plain"));
    EXPECT_TRUE(names_media_type(accept, "text/html"));
    EXPECT_FALSE(names_media_type(accept, "application/json"));
    EXPECT_FALSE(names_media_type(accept, "text"));
    Lines anything;
    ASSERT_TRUE(anything.add("*/*"));
    EXPECT_FALSE(names_media_type(anything, "text/plain"));
}

TEST(Tags, are_compared_weakly_in_lists) {
    Lines tags;
    ASSERT_TRUE(tags.add("\"1\", W/\"2\"  ,\"3-text\""));
    EXPECT_TRUE(matches_tag(tags, "\"1\""));
    EXPECT_TRUE(matches_tag(tags, "\"2\""));
    EXPECT_TRUE(matches_tag(tags, "\"3-text\""));
    EXPECT_FALSE(matches_tag(tags, "\"3\""));
    EXPECT_FALSE(matches_tag(tags, "1"));
    Lines star;
    ASSERT_TRUE(star.add("*"));
    EXPECT_TRUE(matches_tag(star, "\"9\""));
}

// Whatever bytes come, the parser neither crashes (this also runs under sanitizers) nor reads
// differently when they come in pieces.
TEST(RequestHead, survives_mutations_of_good_heads) {
    const std::string seed =
        "POST /v1/accounts/a/token/rejected?wait=1s HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
        "17\r\n"
        "Accept: text/plain, application/json;q=0.1\r\nIf-None-Match: W/\"1\", "
        "\"2\"\r\nConnection: close\r\n\r\n";
    std::mt19937 random(20261122);
    std::uniform_int_distribution<int> any_byte(0, 255);
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = seed;
        const int changes = 1 + round % 4;
        for (int i = 0; i < changes; ++i) {
            const std::size_t at =
                std::uniform_int_distribution<std::size_t>(0, bytes.size() - 1)(random);
            switch (random() % 4) {
                case 0:
                    bytes[at] = static_cast<char>(any_byte(random));
                    break;
                case 1:
                    bytes.insert(at, 1, static_cast<char>(any_byte(random)));
                    break;
                case 2:
                    bytes.erase(at, 1 + random() % 3);
                    break;
                default:
                    bytes.insert(at, bytes.substr(random() % bytes.size(), 1 + random() % 20));
                    break;
            }
        }
        std::size_t scanned = 0;
        const HeadEnd whole = find_head_end(bytes, scanned);
        std::size_t scanned_in_pieces = 0;
        HeadEnd pieces{HeadEnd::State::more, 0};
        for (std::size_t size = 1; size <= bytes.size() && pieces.state == HeadEnd::State::more;
             size += 7) {
            pieces = find_head_end(std::string_view(bytes).substr(0, size), scanned_in_pieces);
        }
        if (pieces.state == HeadEnd::State::more) pieces = find_head_end(bytes, scanned_in_pieces);
        ASSERT_EQ(whole.state, pieces.state);
        ASSERT_EQ(whole.size, pieces.size);
        if (whole.state != HeadEnd::State::found) continue;
        const auto parsed = parse_head(std::string_view(bytes).substr(0, whole.size));
        if (const auto* request = std::get_if<Request>(&parsed)) {
            ASSERT_EQ(request->path.front(), '/');
            ASSERT_FALSE(request->chunked && request->content_length);
        }
    }
}

}  // namespace
}  // namespace tokenbroker::api
