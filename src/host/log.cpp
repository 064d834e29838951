#include "host/log.hpp"

#include "async/signals_blocked.hpp"
#include "host/log_outputs.hpp"
#include "host/log_render.hpp"
#include "host/system_clock.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/sink.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <sys/stat.h>
#include <unistd.h>

namespace tokenbroker::host {
namespace {

// spdlog's end: lines arrive here, rendered, on the writer's thread. One line more says how many
// were lost.
class Writer final : public spdlog::sinks::sink {
public:
    Writer(std::unique_ptr<LogOutput> output,
           std::function<std::string(std::uint64_t lost)> confess)
        : output_(std::move(output)), confess_(std::move(confess)) {}

    void log(const spdlog::details::log_msg& line) override {
        if (const std::uint64_t now = overrun(); now != confessed_) {
            put(confess_(now - confessed_));
            confessed_ = now;
        }
        put({line.payload.data(), line.payload.size()});
    }
    void flush() override {
        const std::lock_guard guard(mutex_);
        ++flushed_;
        changed_.notify_all();
    }
    void set_pattern(const std::string&) override {}
    void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

    // The rest is for the thread that logs.
    void watch(spdlog::details::thread_pool& pool) { pool_ = &pool; }
    void abandon() noexcept { abandoned_ = true; }
    [[nodiscard]] std::uint64_t failed() const noexcept { return failed_; }
    bool wait_for_flush(std::uint64_t number, Milliseconds longest) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, longest, [this, number] { return flushed_ >= number; });
    }

private:
    void put(std::string_view line) {
        if (!output_->write(line, abandoned_)) ++failed_;
    }
    std::uint64_t overrun() { return pool_.load()->overrun_counter(); }

    std::unique_ptr<LogOutput> output_;
    std::function<std::string(std::uint64_t)> confess_;
    // The pool waits for its thread before it goes, so that it is there whenever log() runs.
    std::atomic<spdlog::details::thread_pool*> pool_ = nullptr;
    std::uint64_t confessed_ = 0;
    std::atomic<std::uint64_t> failed_ = 0;
    std::atomic<bool> abandoned_ = false;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t flushed_ = 0;
};

std::unique_ptr<LogOutput> make_output(LogFormat format, const LogOptions& options) {
    if (format == LogFormat::journal)
        return std::make_unique<JournalOutput>(options.journal_socket);
    return std::make_unique<StreamOutput>(options.descriptor);
}

}  // namespace

LogFormat choose_format(int descriptor, const Variables& variables) {
    struct stat facts {};
    if (const auto stream = variables("JOURNAL_STREAM");
        stream && ::fstat(descriptor, &facts) == 0) {
        if (*stream == std::to_string(facts.st_dev) + ":" + std::to_string(facts.st_ino))
            return LogFormat::journal;
    }
    return ::isatty(descriptor) == 1 ? LogFormat::terminal : LogFormat::json;
}

class ProcessLogger::Impl {
public:
    explicit Impl(const LogOptions& options) : level_(options.level), program_(options.program) {
        const Variables variables = process_variables();
        format_ = options.format == LogFormat::automatic
                      ? choose_format(options.descriptor, variables)
                      : options.format;
        const auto no_color = variables("NO_COLOR");
        colour_ = ::isatty(options.descriptor) == 1 && (!no_color || no_color->empty());
        auto confess = [this](std::uint64_t lost) {
            return render(LogLevel::warn, "log_lines_lost",
                          "log lines were lost: nobody took them fast enough", {{"count", lost}});
        };
        writer_ = std::make_shared<Writer>(make_output(format_, options), std::move(confess));
        const async::SignalsBlocked blocked;
        pool_ = std::make_shared<spdlog::details::thread_pool>(options.queue, 1);
        writer_->watch(*pool_);
        spdlog_ = std::make_shared<spdlog::async_logger>(
            "tokenbroker", writer_, pool_, spdlog::async_overflow_policy::overrun_oldest);
        spdlog_->set_level(spdlog::level::trace);
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() { writer_->abandon(); }

    void write(LogLevel level, std::string_view event, std::string_view message,
               std::initializer_list<LogField> fields) {
        const std::string line = render(level, event, message, fields);
        spdlog_->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
    }

    std::string render(LogLevel level, std::string_view event, std::string_view message,
                       std::initializer_list<LogField> fields) const {
        const LogRecord record{read_clocks().wall, level, event, message, fields};
        if (format_ == LogFormat::journal) return render_journal(record, program_);
        return format_ == LogFormat::json ? render_json(record) : render_terminal(record, colour_);
    }

    bool flush(Milliseconds longest) {
        spdlog_->flush();
        return writer_->wait_for_flush(++flushes_, longest);
    }

    [[nodiscard]] std::uint64_t lost() const {
        return pool_->overrun_counter() + writer_->failed();
    }

    std::atomic<LogLevel> level_;
    LogFormat format_ = LogFormat::json;

private:
    std::string program_;
    bool colour_ = false;
    std::uint64_t flushes_ = 0;
    std::shared_ptr<Writer> writer_;
    // Last, so that its thread ends before what that thread uses.
    std::shared_ptr<spdlog::async_logger> spdlog_;
    std::shared_ptr<spdlog::details::thread_pool> pool_;
};

ProcessLogger::ProcessLogger(const LogOptions& options) : impl_(std::make_unique<Impl>(options)) {}

ProcessLogger::~ProcessLogger() = default;

void ProcessLogger::write(LogLevel level, std::string_view event, std::string_view message,
                          std::initializer_list<LogField> fields) {
    impl_->write(level, event, message, fields);
}

bool ProcessLogger::enabled(LogLevel level) const noexcept {
    return level >= impl_->level_.load(std::memory_order_relaxed);
}

void ProcessLogger::set_level(LogLevel level) noexcept {
    impl_->level_ = level;
}

LogFormat ProcessLogger::format() const noexcept {
    return impl_->format_;
}

std::uint64_t ProcessLogger::lost() const noexcept {
    return impl_->lost();
}

bool ProcessLogger::flush(Milliseconds longest) {
    return impl_->flush(longest);
}

}  // namespace tokenbroker::host
