#include <algorithm>
#include <tokenbroker/detail/wire.hpp>
#include <unistd.h>

namespace tokenbroker::client::detail {

bool EventReader::feed(std::string_view bytes) {
    unread_.append(bytes);
    for (;;) {
        const auto end = unread_.find_first_of("\r\n");
        if (end == std::string::npos) break;
        // A CR at the end of what came may be half of a CRLF.
        if (unread_[end] == '\r' && end + 1 == unread_.size()) break;
        const std::string line = unread_.substr(0, end);
        unread_.erase(0, end + (unread_.compare(end, 2, "\r\n") == 0 ? 2 : 1));
        read_line(line);
        if (event_.data.size() > max_event) return false;
    }
    return unread_.size() <= max_event;
}

void EventReader::read_line(std::string_view line) {
    if (line.empty()) {
        if (has_data_) {
            if (event_.name.empty()) event_.name = "message";
            ready_.push_back(event_);
        }
        event_ = StreamEvent();
        has_data_ = false;
        return;
    }
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon);
    auto value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "event") event_.name = value;
    if (name == "id") event_.id = value;
    if (name == "data") {
        if (has_data_) event_.data += '\n';
        event_.data += value;
        has_data_ = true;
    }
}

std::optional<StreamEvent> EventReader::next() {
    if (ready_.empty()) return std::nullopt;
    StreamEvent event = std::move(ready_.front());
    ready_.pop_front();
    return event;
}

bool StreamReader::feed(std::string_view bytes) {
    using State = AnswerReader::State;
    answer_.feed(bytes);
    const auto broken = [this](const std::string& why) {
        news_.emplace_back(Error(ErrorKind::failed, "the daemon's answer can't be read: " + why));
        return false;
    };
    const bool is_broken = answer_.state() == State::broken;
    if (!answer_.has_head()) return is_broken ? broken(answer_.why_broken()) : true;
    const bool is_stream =
        answer_.answer().status == 200 && answer_.answer().content_type == "text/event-stream";
    if (is_broken && !is_stream) return broken(answer_.why_broken());
    if (answer_.answer().status != 200) {
        if (answer_.state() == State::complete) news_.emplace_back(to_error(answer_.answer()));
        return answer_.state() != State::complete;
    }
    if (!is_stream) return broken("it is not an event stream");
    // What was whole before a break is told all the same.
    open_ = true;
    std::string body = answer_.take_body();
    const bool fits = events_.feed(body);
    wipe(body);
    while (const auto event = events_.next())
        read_event(*event);
    if (!fits) return broken("an event is too large");
    if (is_broken) return broken(answer_.why_broken());
    return answer_.state() != State::complete;
}

void StreamReader::read_event(const StreamEvent& event) {
    if (event.name == "token") {
        news_.push_back(parse_token(event.data));
    } else if (event.name == "unavailable") {
        Answer problem;  // the status is in the body
        problem.body = event.data;
        news_.emplace_back(to_error(problem));
    }
}

void StreamReader::end(const std::string& path) {
    if (open_) return;
    if (answer_.end() == AnswerReader::State::complete) {
        news_.emplace_back(to_error(answer_.answer()));
    } else {
        news_.emplace_back(lost_error(path));
    }
}

void StreamReader::fail(Error error) {
    news_.emplace_back(std::move(error));
}

std::optional<Result<Token>> StreamReader::next() {
    if (news_.empty()) return std::nullopt;
    Result<Token> news = std::move(news_.front());
    news_.pop_front();
    return news;
}

WatchMemory::WatchMemory(const Options& options)
    : initial_(std::max(options.reconnect_initial, Milliseconds(1))),
      max_(std::max(options.reconnect_max, initial_)),
      step_(initial_) {
    // Clients that lost one daemon at one moment do not come back at one moment.
    if (getentropy(&random_, sizeof random_) != 0) random_ = static_cast<std::uint64_t>(getpid());
}

namespace {

constexpr std::string_view told_unreachable = "unreachable";

std::string key_of(const Result<Token>& event) {
    if (event) return "generation " + std::to_string(event->generation);
    if (event.error().kind == ErrorKind::unreachable) return std::string(told_unreachable);
    return "error " + std::to_string(static_cast<int>(event.error().kind)) + " " +
           event.error().problem;
}

// The daemon says that the token it gave is not to be used any more.
bool ends_the_token(const Error& error) {
    return error.problem == "token-unavailable" || error.problem == "access-denied" ||
           error.problem == "unknown-account";
}

}  // namespace

void WatchMemory::opened() {
    if (told_ == told_unreachable) told_.clear();
}

bool WatchMemory::is_news(const Result<Token>& event) {
    if (event) {
        token_ = std::make_shared<const Token>(*event);
    } else if (ends_the_token(event.error())) {
        token_.reset();
    }
    std::string key = key_of(event);
    if (key == told_) return false;
    told_ = std::move(key);
    return true;
}

std::optional<std::uint64_t> WatchMemory::last_generation() const {
    if (!token_ || token_->expired()) return std::nullopt;
    return token_->generation;
}

Milliseconds WatchMemory::pause(Milliseconds lasted) {
    if (lasted >= max_) step_ = initial_;
    random_ = random_ * 6364136223846793005U + 1442695040888963407U;
    const auto most = static_cast<std::uint64_t>(step_.count()) / 2 + 1;
    const Milliseconds extra(static_cast<Milliseconds::rep>((random_ >> 33) % most));
    const Milliseconds pause = step_ + extra;
    step_ = std::min(step_ * 2, max_);
    return pause;
}

}  // namespace tokenbroker::client::detail
