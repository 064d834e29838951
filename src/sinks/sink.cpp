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

enum class Written { changed, same_content, nothing };

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

// On a worker: owns all it uses. Where the file is already just what it should be, as after a
// restart, nothing is written.
Result<Written> write(host::FileSystem& files, const Settings& settings, const Secret& content) {
    const auto ownership = ownership_of(settings);
    if (!ownership) return ownership.error();
    const auto there = host::read_file(files, settings.path, longest_content, host::Links::refuse);
    const bool same_content = there && there->bytes == content;
    if (same_content && (there->facts.st_mode & 07777U) == settings.mode &&
        (!ownership->group || there->facts.st_gid == *ownership->group) &&
        (!ownership->owner || there->facts.st_uid == *ownership->owner))
        return Written::nothing;
    const auto written = host::write_file(files, settings.path, content.reveal(), *ownership);
    if (!written) return written.error();
    return same_content ? Written::same_content : Written::changed;
}

}  // namespace

Sink::Sink(const Surroundings& around, broker::AccountHandle account, Settings settings)
    : around_(around),
      account_(std::move(account)),
      settings_(std::move(settings)),
      tasks_(around.executor, async::end_the_loop) {}

void Sink::start() {
    follower_ = tasks_.spawn("sink " + settings_.path + ": follow", follow());
    if (!std::exchange(keeping_up_, true))
        tasks_.spawn("sink " + settings_.path + ": keep up", keep_up());
    if (!std::exchange(commanding_, true))
        tasks_.spawn("sink " + settings_.path + ": commands", run_commands());
}

void Sink::configure(broker::AccountHandle account, Settings settings) {
    tasks_.cancel(follower_);
    account_ = std::move(account);
    settings_ = std::move(settings);
    leaving_ = false;
    start();
    look();
}

void Sink::leave() {
    tasks_.cancel(follower_);
    leaving_ = true;
    state_ = "pending";
    look();
    command_wanted_.notify_all();
}

asio::awaitable<void> Sink::until_left(BootTime deadline) {
    while (keeping_up_) {
        const bool in_time = co_await left_.wait_until(around_.clock, deadline);
        if (!in_time) break;
    }
}

asio::awaitable<void> Sink::stop() {
    tasks_.cancel();
    co_await tasks_.join();
}

broker::AccountStatus::Sink Sink::status() const {
    return {settings_.path, state_, last_error_, last_command_, failures_};
}

void Sink::look() {
    stale_ = true;
    changed_.notify_all();
}

asio::awaitable<void> Sink::follow() {
    const broker::AccountHandle account = account_;
    while (!account->removed()) {
        const std::uint64_t seen = account->revision();
        look();
        co_await account->changed(seen);
    }
}

asio::awaitable<void> Sink::keep_up() {
    while (true) {
        while (!stale_)
            co_await changed_.wait();
        stale_ = false;
        const bool last = leaving_;
        broker::PublishedToken token;
        if (!last) token = account_->current();
        const bool done = co_await bring_up_to_date(token);
        if (done) {
            failures_in_a_row_ = 0;
            if (last && leaving_) break;
            continue;
        }
        const BootTime again = around_.clock.now().boot + next_delay();
        co_await changed_.wait_until(around_.clock, again);
        stale_ = true;
    }
    keeping_up_ = false;
    left_.notify_all();
}

asio::awaitable<bool> Sink::bring_up_to_date(broker::PublishedToken token) {
    if (!token) {
        const bool removed = co_await remove();
        co_return removed;
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
    if (*written != Written::nothing) {
        around_.log.info("sink_written", "the token file was written",
                         {{"account", account_->name().text()},
                          {"path", settings_.path},
                          {"generation", token->generation}});
    }
    if (*written == Written::changed && !settings_.then.empty()) {
        command_due_ = true;
        command_wanted_.notify_all();
    }
    co_return true;
}

asio::awaitable<bool> Sink::remove() {
    command_due_ = false;
    std::function<Result<void>()> work = [&files = around_.files, path = settings_.path] {
        return host::remove_file(files, path);
    };
    auto removed = co_await around_.offload.run<Result<void>>(std::move(work));
    if (!removed) {
        failed(removed.error().message());
        co_return false;
    }
    state_ = "removed";
    last_error_.reset();
    co_return true;
}

// One at a time; once more where the content changed meanwhile.
asio::awaitable<void> Sink::run_commands() {
    while (!leaving_) {
        if (std::exchange(command_due_, false)) {
            co_await run_command();
        } else {
            co_await command_wanted_.wait();
        }
    }
    commanding_ = false;
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
    auto outcome = co_await around_.commands.run<Result<host::ChildOutcome>>(std::move(work));
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
