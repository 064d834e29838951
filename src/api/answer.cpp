#include "api/answer.hpp"

namespace tokenbroker::api {

std::string_view reason_phrase(unsigned status) noexcept {
    switch (status) {
        case 200:
            return "OK";
        case 202:
            return "Accepted";
        case 304:
            return "Not Modified";
        case 400:
            return "Bad Request";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 411:
            return "Length Required";
        case 413:
            return "Content Too Large";
        case 421:
            return "Misdirected Request";
        case 422:
            return "Unprocessable Content";
        case 431:
            return "Request Header Fields Too Large";
        case 503:
            return "Service Unavailable";
        default:
            return "Unknown";
    }
}

std::string header_lines(const Answer& answer) {
    std::string text = "Content-Type: ";
    text += answer.content_type;
    text += "\r\nContent-Length: ";
    text += std::to_string(answer.content().size());
    text += "\r\nCache-Control: no-store\r\n";
    text += answer.headers;
    text += "\r\n";
    return text;
}

std::string FirstLines::of(unsigned status, bool close) const {
    std::string text = "HTTP/1.1 ";
    text += std::to_string(status);
    text += ' ';
    text += reason_phrase(status);
    text += "\r\n";
    text += date_;
    if (close) text += "Connection: close\r\n";
    return text;
}

void FirstLines::render(std::chrono::sys_seconds second) {
    second_ = second;
    date_ = "Date: " + format_http_date(second) + "\r\n";
    ok_ = of(200, false);
    ok_close_ = of(200, true);
}

}  // namespace tokenbroker::api
