#include "base/secret_source.hpp"

namespace tokenbroker {
namespace {

struct Describe {
    std::string operator()(const SecretFile& from) const { return "file " + from.path; }
    std::string operator()(const SecretCredential& from) const { return "credential " + from.name; }
    std::string operator()(const SecretVariable& from) const {
        return "environment variable " + from.name;
    }
    std::string operator()(const SecretCommand& from) const {
        return "command " + (from.arguments.empty() ? std::string() : from.arguments.front());
    }
    std::string operator()(const SecretValue&) const { return "plain value"; }
};

}  // namespace

std::string describe(const SecretSource& source) {
    return std::visit(Describe{}, source.from);
}

}  // namespace tokenbroker
