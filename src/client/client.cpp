#include "client/connection.hpp"

#include <tokenbroker/client.hpp>
#include <tokenbroker/detail/wire.hpp>
#include <utility>

namespace tokenbroker::client {

namespace {

using Clock = std::chrono::steady_clock;

Error trouble_error(Trouble trouble, const std::string& path, std::string_view what) {
    if (trouble == Trouble::timeout) return detail::timeout_error(path, what);
    return detail::lost_error(path);
}

Error unnamed() {
    return {ErrorKind::bad_request, "the account's name is missing"};
}

}  // namespace

Client::Client(Options options) : options_(std::move(options)) {
    if (options_.socket.empty()) options_.socket = default_socket();
}

Result<Answer> Client::ask(const Request& request) const {
    auto connection = Connection::open(options_.socket, Clock::now() + options_.connect_timeout);
    if (!connection) return std::move(connection).error();

    const Deadline deadline = Clock::now() + options_.answer_timeout + request.wait;
    const Trouble unsent = connection->send(detail::render(request), deadline);
    if (unsent != Trouble::none)
        return trouble_error(unsent, options_.socket, "did not take the request");

    using State = detail::AnswerReader::State;
    detail::AnswerReader reader;
    std::string bytes;
    while (reader.state() == State::head || reader.state() == State::body) {
        const Trouble trouble = connection->receive(bytes, deadline);
        if (trouble != Trouble::none)
            return trouble_error(trouble, options_.socket, "did not answer");
        if (!bytes.empty()) {
            reader.feed(bytes);
        } else if (reader.end() == State::broken) {
            return detail::lost_error(options_.socket);
        }
    }
    detail::wipe(bytes);
    if (reader.state() == State::broken) {
        return Error(ErrorKind::failed,
                     "the daemon's answer can't be read: " + reader.why_broken());
    }
    return reader.take();
}

Result<Token> Client::get(std::string_view account, GetOptions options) const {
    if (account.empty()) return unnamed();
    const auto answer = ask(detail::token_request(account, options));
    if (!answer) return answer.error();
    return detail::read_token(*answer);
}

Result<Token> Client::rejected(std::string_view account, std::uint64_t generation,
                               Milliseconds wait) const {
    if (account.empty()) return unnamed();
    const auto answer = ask(detail::rejected_request(account, generation, wait));
    if (!answer) return answer.error();
    return detail::read_token(*answer);
}

namespace {

Result<std::string> body_of(Result<Answer> answer) {
    if (!answer) return std::move(answer).error();
    if (answer->status != 200) return to_error(*answer);
    return std::move(answer->body);
}

}  // namespace

Result<std::string> Client::accounts() const {
    return body_of(ask(Request("GET", "/v1/accounts")));
}

Result<std::string> Client::account(std::string_view name) const {
    if (name.empty()) return unnamed();
    return body_of(ask(Request("GET", "/v1/accounts/" + encode_segment(name))));
}

}  // namespace tokenbroker::client
