// Configurations as text: whatever it is, there are settings, or mistakes that have a place and a
// cause. Never both.

#include "config/load.hpp"
#include "fuzz.hpp"
#include "support/fake_environment.hpp"

namespace {

using namespace tokenbroker;
using fuzz::require;

testing_support::FakeEnvironment machine() {
    testing_support::FakeEnvironment made;
    made.folder("/etc/tokenbroker/conf.d");
    made.folder("/etc/tokenbroker/recipes");
    made.file("/etc/ssl/acme.pem", "");
    made.set("STATE_DIRECTORY", "/var/lib/tokenbroker");
    return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static testing_support::FakeEnvironment environment = machine();
    const auto loaded = config::load(
        config::FromText{std::string(fuzz::text_of(data, size)), "fuzz.yaml"}, environment);
    require(loaded.settings.has_value() == loaded.mistakes.empty());
    for (const Mistake& mistake : loaded.mistakes)
        require(!mistake.message.empty() && !mistake.place.file.empty());
    for (const Mistake& warning : loaded.warnings)
        require(!warning.message.empty());
    return 0;
}
