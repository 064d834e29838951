#pragma once

#include "async/clock.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "config/base_url.hpp"
#include "provision/reported_steps.hpp"
#include "recipe/library.hpp"
#include "recipe/recipe.hpp"
#include "upstream/step.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// tokenctl-recipes: what tokenctl hands over for `recipes` and `provision`, because it needs YAML
// and TLS.
namespace tokenbroker::cli {

inline constexpr int recipes_done = 0;
inline constexpr int recipes_failed = 1;
inline constexpr int recipes_usage = 2;

// One line on stderr, and the exit code given.
int recipes_fail(int code, std::string_view message);
// The exit code for options that could not be read: a wrong or missing one is usage, a file that
// can't be read is not.
int code_of(const Error& error);

// The built-in recipes and those of these folders; of the default one where none is named and it is
// there. A file with mistakes is told on stderr and left out.
recipe::Library load_library(const std::vector<std::string>& folders);
// One recipe file; its mistakes go to stderr.
recipe::RecipeHandle load_recipe_file(const std::string& path);

// How the options of a recipe's inputs were given.
struct GivenInputs {
    recipe::Values values;  // what is known: not the secrets that are still to be read
    std::map<std::string, std::string>
        sources;                 // of secrets, as YAML for an account's entry: "{ file: /etc/x }"
    std::string generate_input;  // the input whose value is to be made up, and where it goes
    std::string generate_path;
};

// Where an upstream is, as the options say it.
struct UpstreamOptions {
    std::string base_url;
    std::string ca_file;
    bool insecure_http = false;
};

// The options of `provision` and `recipes try`: those of the inputs, and where the upstream is.
// Prints help.
class InputOptions {
public:
    // `generate`: a password may be made up.
    InputOptions(const std::string& command, std::vector<recipe::Input> inputs, bool generate);
    ~InputOptions();

    void add_flag(const std::string& name, bool& flag, const std::string& help);
    void add_text(const std::string& name, std::string& text, const std::string& help);
    // None: go on. Else the exit code, after what was wrong (or the help) was printed.
    std::optional<int> parse(const std::vector<std::string>& arguments);

    [[nodiscard]] const UpstreamOptions& upstream() const;
    // Reads what was given. `ask`: a required secret that was not given is asked for on the
    // terminal; else it stays absent. Errors name the option.
    Result<GivenInputs> read(bool ask);

private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

// Asks on the terminal, without echo; twice where it is a new one. Errors: no terminal, the two
// differ, nothing typed.
Result<Secret> prompt_secret(const std::string& what, bool is_new);
// One line of standard input.
Result<Secret> read_secret_line();

// Writes a new secret where nothing is yet, readable by nobody else: as it is, or sealed by
// systemd-creds under the name of a credential.
Result<void> write_new_secret(const std::string& path, const Secret& secret);
Result<void> write_new_credential(const std::string& path, const std::string& name,
                                  const Secret& secret);

// A loop with a clock and an HTTPS client, for one task.
struct Network {
    upstream::Transport& transport;
    const async::Clock& clock;
    Logger& log;
};
// Starts a coroutine; what that refers to outlives run_with_network().
using NetworkTask = std::function<boost::asio::awaitable<void>(Network network)>;
// `interrupted`: set by the first SIGINT or SIGTERM, where it would else end the process; the task
// looks at it when it can stop. The second one ends the process.
void run_with_network(const NetworkTask& task, bool* interrupted = nullptr);

upstream::Target target_of(const UpstreamOptions& options, const recipe::RecipeHandle& recipe,
                           const config::BaseUrl& url);
// The base URL with the recipe's endings cut. Errors say what is allowed.
Result<config::BaseUrl> read_base_url(const UpstreamOptions& options, const recipe::Recipe& recipe);

// A step for people, in a few lines.
std::string text_of(const provision::StepReport& report, bool with_request);

// The commands. `arguments` are those after its name.
int run_recipes_list(const std::vector<std::string>& arguments);
int run_recipes_show(const std::vector<std::string>& arguments);
int run_recipes_check(const std::vector<std::string>& arguments);
int run_recipes_try(const std::vector<std::string>& arguments);
int run_provision(const std::vector<std::string>& arguments);

}  // namespace tokenbroker::cli
