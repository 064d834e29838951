#include "sinks/sink.hpp"

#include "host/child.hpp"
#include "host/files.hpp"
#include "host/names.hpp"
#include "sinks/content.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace tokenbroker::sinks {
namespace {

namespace asio = boost::asio;

// A full disk or a folder that is not there yet is seen to by people: in minutes, not seconds.
constexpr Milliseconds first_delay = std::chrono::seconds(1);
constexpr Milliseconds longest_delay = std::chrono::minutes(1);
constexpr std::size_t longest_content = std::size_t{256} * 1024;

enum class Written { anew, already_there };

Result<host::FileOwnership> ownership_of(const Settings& settings) {
    host::FileOwnership ownership;
    ownership.mode = settings.mode;
    if (settings.group) {
        const auto group = host::find_group(*settings.group);
        if (!group) return group.error().during("looking up group " + *settings.group);
        ownership.group = group->gid;
    }
    if (settings.owner) {
        const auto owner = host::find_user(*settings.owner);
        if (!owner) return owner.error().during("looking up user " + *settings.owner);
        ownership.owner = owner->uid;
    }
    return ownership;
}

// Whether the file is already just what it should be: after a restart nothing is written, and no
// command run.
bool is_there(host::FileSystem& files, const Settings& settings, const Secret& content,
              const host::FileOwnership& ownership) {
    const auto there = host::read_file(files, settings.path, longest_content, host::Links::refuse);
    return there && there->bytes == content && (there->facts.st_mode & 07777U) == settings.mode &&
           (!ownership.group || there->facts.st_gid == *ownership.group) &&
           (!ownership.owner || there->facts.st_uid == *ownership.owner);
}

// On a worker: owns all it uses.
Result<Written> write(host::FileSystem& files, const Settings& settings, const Secret& content) {
    const auto ownership = ownership_of(settings);
    if (!ownership) return ownership.error();
    if (is_there(files, settings, content, *ownership)) return Written::already_there;
    const auto written = host::write_file(files, settings.path, content.reveal(), *ownership);
    if (!written) return written.error();
    return Written::anew;
}

}  // namespace

Sink::Sink(const Surroundings& around, broker::AccountHandle account, Settings settings)
    : around_(around),
      account_(std::move(account)),
      settings_(std::move(settings)),
      tasks_(around.executor, async::end_the_loop) {}

void Sink::start() {
    tasks_.spawn("sink " + settings_.path + ": follow", follow());
    tasks_.spawn("sink " + settings_.path + ": keep up", keep_up());
}

asio::awaitable<void> Sink::stop() {
    tasks_.cancel();
    co_await tasks_.join();
}

broker::AccountStatus::Sink Sink::status() const {
    return {settings_.path, state_, last_error_, last_command_, failures_};
}

asio::awaitable<void> Sink::follow() {
    while (!account_->removed()) {
        const std::uint64_t seen = account_->revision();
        stale_ = true;
        changed_.notify_all();
        co_await account_->changed(seen);
    }
}

asio::awaitable<void> Sink::keep_up() {
    while (true) {
        while (!stale_)
            co_await changed_.wait();
        stale_ = false;
        broker::PublishedToken token = account_->current();
        const bool done = co_await bring_up_to_date(token);
        if (done) {
            failures_in_a_row_ = 0;
            continue;
        }
        const BootTime again = around_.clock.now().boot + next_delay();
        co_await changed_.wait_until(around_.clock, again);
        stale_ = true;
    }
}

asio::awaitable<bool> Sink::bring_up_to_date(broker::PublishedToken token) {
    if (!token) {
        std::function<Result<void>()> remove = [&files = around_.files, path = settings_.path] {
            return host::remove_file(files, path);
        };
        auto removed = co_await around_.offload.run<Result<void>>(std::move(remove));
        if (!removed) {
            failed(removed.error().message());
            co_return false;
        }
        state_ = "removed";
        last_error_.reset();
        co_return true;
    }
    auto content = std::make_shared<Secret>(content_of(*token, account_->name(), settings_.format));
    std::function<Result<Written>()> work = [&files = around_.files, settings = settings_,
                                             content = std::move(content)] {
        return write(files, settings, *content);
    };
    auto written = co_await around_.offload.run<Result<Written>>(std::move(work));
    if (!written) {
        failed(written.error().message());
        co_return false;
    }
    state_ = "ok";
    last_error_.reset();
    if (*written == Written::anew) {
        around_.log.info("sink_written", "the token file was written",
                         {{"account", account_->name().text()},
                          {"path", settings_.path},
                          {"generation", token->generation}});
        if (!settings_.then.empty()) co_await run_command();
    }
    co_return true;
}

asio::awaitable<void> Sink::run_command() {
    std::function<Result<host::ChildOutcome>()> work = [settings = settings_,
                                                        account = account_->name().text()] {
        host::ChildCommand command;
        command.arguments = settings.then;
        command.account = account;
        command.timeout = settings.timeout;
        return host::run_child(command);
    };
    auto outcome = co_await around_.offload.run<Result<host::ChildOutcome>>(std::move(work));
    const bool succeeded = outcome && outcome->succeeded();
    last_command_ = succeeded ? "ok" : outcome ? outcome->text() : outcome.error().message();
    if (succeeded) {
        around_.log.info("sink_command_done", "the command of the token file ended well",
                         {{"account", account_->name().text()}, {"path", settings_.path}});
        co_return;
    }
    ++failures_;
    around_.log.warn("sink_command_failed",
                     "the command of the token file failed; it runs again when the token changes",
                     {{"account", account_->name().text()},
                      {"path", settings_.path},
                      {"command", settings_.then.front()},
                      {"cause", *last_command_}});
}

asio::awaitable<void> Sink::remove_file() {
    std::function<Result<void>()> work = [&files = around_.files, path = settings_.path] {
        return host::remove_file(files, path);
    };
    auto removed = co_await around_.offload.run<Result<void>>(std::move(work));
    if (!removed) failed(removed.error().message());
}

void Sink::failed(const std::string& message) {
    const bool repeated = last_error_ == message;
    state_ = "failed";
    last_error_ = message;
    ++failures_;
    ++failures_in_a_row_;
    if (repeated) return;
    around_.log.warn(
        "sink_failed", "the token file can't be kept up to date; trying again",
        {{"account", account_->name().text()}, {"path", settings_.path}, {"cause", message}});
}

Milliseconds Sink::next_delay() {
    const unsigned doublings = std::min(failures_in_a_row_ > 0 ? failures_in_a_row_ - 1 : 0U, 6U);
    return std::min(first_delay * (1U << doublings), longest_delay);
}

}  // namespace tokenbroker::sinks
