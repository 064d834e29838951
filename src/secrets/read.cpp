#include "secrets/read.hpp"

#include "base/time.hpp"
#include "host/child.hpp"
#include "host/files.hpp"

#include <utility>

namespace tokenbroker::secrets {
namespace {

constexpr Milliseconds longest_command = std::chrono::seconds(10);
// The newline that is cut does not count.
constexpr std::size_t longest_raw = longest_secret + 2;

class Read {
public:
    Read(const SecretSource& source, const host::Variables& variables, const std::string& account)
        : source_(source), variables_(variables), account_(account) {}

    Result<Reading> operator()(const SecretFile& file) const { return from_file(file.path); }

    Result<Reading> operator()(const SecretCredential&) const {
        const auto path = path_of(source_, variables_);
        if (path) return from_file(*path);
        return Error(Errc::not_found,
                     "$CREDENTIALS_DIRECTORY is not set (LoadCredential= in the unit)");
    }

    Result<Reading> operator()(const SecretVariable& variable) const {
        auto value = variables_(variable.name.c_str());
        if (!value) return Error(Errc::not_found, "it is not set");
        Reading reading{Secret(*value), std::nullopt};
        wipe(value->data(), value->size());
        return reading;
    }

    Result<Reading> operator()(const SecretCommand& command) const {
        const host::ChildCommand child{command.arguments, account_, longest_command, true,
                                       longest_raw};
        auto outcome = host::run_child(child);
        if (!outcome) return outcome.error();
        if (!outcome->succeeded())
            return Error(Errc::unavailable, "it ended with " + outcome->text());
        return Reading{std::move(outcome->output), std::nullopt};
    }

    Result<Reading> operator()(const SecretValue& plain) const {
        return Reading{plain.value, std::nullopt};
    }

private:
    static Result<Reading> from_file(const std::string& path) {
        auto content =
            host::read_file(host::FileSystem::kernel(), path, longest_raw, host::Links::follow);
        if (!content) return content.error();
        return Reading{std::move(content->bytes), content->facts};
    }

    const SecretSource& source_;
    const host::Variables& variables_;
    const std::string& account_;
};

}  // namespace

Result<Reading> read_raw(const SecretSource& source, const host::Variables& variables,
                         const std::string& account) {
    auto reading = std::visit(Read(source, variables, account), source.from);
    if (!reading) return reading.error().during(describe(source));
    return reading;
}

Result<Reading> read_secret(const SecretSource& source, const host::Variables& variables,
                            const std::string& account) {
    auto reading = read_raw(source, variables, account);
    if (!reading) return reading;
    std::string_view text = reading->bytes.reveal();
    if (!text.empty() && text.back() == '\n') {
        text.remove_suffix(1);
        if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    }
    const auto refuse = [&source](Errc code, const char* why) {
        return Error(code, describe(source) + why);
    };
    if (text.empty()) return refuse(Errc::invalid_input, " is empty");
    if (text.size() > longest_secret) return refuse(Errc::too_large, " has more than 64 KiB");
    if (text.find('\0') != std::string_view::npos)
        return refuse(Errc::invalid_input, " has a NUL byte in it");
    if (text.size() < reading->bytes.size()) reading->bytes = Secret(text);
    return reading;
}

std::optional<std::string> path_of(const SecretSource& source, const host::Variables& variables) {
    if (const auto* file = std::get_if<SecretFile>(&source.from)) return file->path;
    if (const auto* credential = std::get_if<SecretCredential>(&source.from)) {
        const auto folder = variables("CREDENTIALS_DIRECTORY");
        if (folder && !folder->empty()) return *folder + "/" + credential->name;
    }
    return std::nullopt;
}

}  // namespace tokenbroker::secrets
