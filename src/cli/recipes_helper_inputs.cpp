#include "base/encode.hpp"
#include "cli/recipes_helper.hpp"
#include "host/variables.hpp"
#include "recipe/inputs.hpp"
#include "secrets/read.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <unistd.h>

namespace tokenbroker::cli {
namespace {

std::string option_name(const std::string& input) {
    std::string name = input;
    std::ranges::replace(name, '_', '-');
    return name;
}

std::string help_of(const recipe::Input& input) {
    std::string text = recipe::allowed_values(input);
    if (input.required || !input.required_when.empty())
        text += input.required ? "; required" : "; sometimes required";
    if (input.otherwise) text += "; default \"" + input.otherwise->shown() + "\"";
    return text;
}

Error during(const std::string& option, const Error& error) {
    return error.during(option);
}

}  // namespace

struct InputOptions::Parser {
    struct Given {
        std::string value;     // --name VALUE
        std::string file;      // --name-file PATH
        std::string variable;  // --name-env VARIABLE
        std::string generate;  // --generate-name PATH
    };

    Parser(const std::string& command, std::vector<recipe::Input> all)
        : app("", "tokenctl " + command), inputs(std::move(all)) {}

    Result<Secret> read_secret(const recipe::Input& input, const Given& given,
                               GivenInputs& into) const;
    Result<void> read_one(const recipe::Input& input, bool ask, GivenInputs& into) const;

    CLI::App app;
    std::vector<recipe::Input> inputs;
    std::map<std::string, Given> given;
    UpstreamOptions upstream;
};

InputOptions::InputOptions(const std::string& command, std::vector<recipe::Input> inputs,
                           bool generate)
    : parser_(std::make_unique<Parser>(command, std::move(inputs))) {
    CLI::App& app = parser_->app;
    app.add_option("--base-url", parser_->upstream.base_url, "where the upstream is")
        ->required()
        ->type_name("URL");
    app.add_option("--ca-file", parser_->upstream.ca_file, "authorities to trust, PEM")
        ->type_name("PATH");
    app.add_flag("--insecure-http", parser_->upstream.insecure_http, "take an http:// URL");
    for (const recipe::Input& input : parser_->inputs) {
        Parser::Given& given = parser_->given[input.name];
        const std::string name = "--" + option_name(input.name);
        if (!input.secret) {
            app.add_option(name, given.value, help_of(input))->type_name("VALUE");
            continue;
        }
        app.add_option(name + "-file", given.file,
                       "a file with it, \"-\": standard input; else it is asked for")
            ->type_name("PATH");
        app.add_option(name + "-env", given.variable, "an environment variable with it")
            ->type_name("NAME");
        if (generate && input.password) {
            app.add_option("--generate-" + option_name(input.name), given.generate,
                           "make it up and write it there, 0600")
                ->type_name("PATH");
        }
    }
}

InputOptions::~InputOptions() = default;

void InputOptions::add_flag(const std::string& name, bool& flag, const std::string& help) {
    parser_->app.add_flag(name, flag, help);
}
void InputOptions::add_text(const std::string& name, std::string& text, const std::string& help) {
    parser_->app.add_option(name, text, help);
}

std::optional<int> InputOptions::parse(const std::vector<std::string>& arguments) {
    CLI::App& app = parser_->app;
    for (const recipe::Input& input : parser_->inputs) {
        const std::string option = "--" + option_name(input.name);
        const auto names_it = [&](const std::string& argument) {
            return argument == option || argument.starts_with(option + "=");
        };
        // Said here, and not by the parser, which would repeat the secret.
        if (input.secret && std::ranges::any_of(arguments, names_it)) {
            std::string text = option;
            text.append(": a secret is not taken from the command line: give ")
                .append(option)
                .append("-file or ")
                .append(option)
                .append("-env, or be asked for it");
            return recipes_fail(recipes_usage, text);
        }
    }
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp&) {
        std::cout << app.help();
        return recipes_done;
    } catch (const CLI::ParseError& error) {
        return recipes_fail(recipes_usage, error.what());
    }
    return std::nullopt;
}

const UpstreamOptions& InputOptions::upstream() const {
    return parser_->upstream;
}

Result<Secret> InputOptions::Parser::read_secret(const recipe::Input& input, const Given& from,
                                                 GivenInputs& into) const {
    if (from.file == "-") return read_secret_line();
    SecretSource source;
    if (!from.file.empty()) {
        const std::string path = std::filesystem::absolute(from.file);
        source.from = SecretFile{path};
        into.sources[input.name] = "{ file: " + json_quote(path) + " }";
    } else {
        source.from = SecretVariable{from.variable};
        into.sources[input.name] = "{ env: " + from.variable + " }";
    }
    auto reading = secrets::read_secret(source, host::process_variables(), "");
    if (!reading) return reading.error();
    return std::move(reading->bytes);
}

Result<void> InputOptions::Parser::read_one(const recipe::Input& input, bool ask,
                                            GivenInputs& into) const {
    const Given& from = given.at(input.name);
    const std::string option = "--" + option_name(input.name);
    if (!input.secret) {
        // An option that is there and empty is a value too: --middle-name "".
        if (app.get_option(option)->count() == 0) return {};
        auto value = recipe::read_input(input, std::string_view(from.value));
        if (!value) return during(option, value.error());
        into.values.set(input.name, std::move(*value));
        return {};
    }
    const int ways = (from.file.empty() ? 0 : 1) + (from.variable.empty() ? 0 : 1) +
                     (from.generate.empty() ? 0 : 1);
    if (ways > 1)
        return Error(Errc::invalid_input,
                     option + "-...: give one of a file, a variable and a new one");
    if (!from.generate.empty()) {
        into.generate_input = input.name;
        into.generate_path = std::filesystem::absolute(from.generate);
        return {};
    }
    if (ways == 0 && !ask) return {};
    if (ways == 0 && isatty(STDIN_FILENO) == 0) {
        return Error(
            Errc::invalid_input,
            option + "-file or " + option + "-env is missing, and there is no terminal to ask on");
    }
    auto secret = ways == 0 ? prompt_secret(input.name, input.password.has_value())
                            : read_secret(input, from, into);
    // However it failed, the option itself was right.
    if (!secret) return Error(Errc::unavailable, option + ": " + secret.error().message());
    into.values.set(input.name, recipe::secret_input(std::move(*secret)));
    return {};
}

Result<GivenInputs> InputOptions::read(bool ask) {
    GivenInputs into;
    // What is no secret first: nobody is asked for a password before a mistake in an option is
    // told, and what is needed depends on the others.
    for (const recipe::Input& input : parser_->inputs) {
        if (input.secret) continue;
        if (const auto read = parser_->read_one(input, ask, into); !read) return read.error();
    }
    const auto missing = recipe::missing_inputs(
        parser_->inputs, recipe::with_defaults(parser_->inputs, into.values));
    const auto is_missing = [&](const recipe::Input& input) {
        return std::ranges::find(missing, input.name) != missing.end();
    };
    for (const recipe::Input& input : parser_->inputs) {
        if (input.secret || !is_missing(input)) continue;
        return Error(Errc::invalid_input, "--" + option_name(input.name) +
                                              " is required: " + recipe::allowed_values(input));
    }
    for (const recipe::Input& input : parser_->inputs) {
        if (!input.secret) continue;
        const auto read = parser_->read_one(input, ask && is_missing(input), into);
        if (!read) return read.error();
    }
    return into;
}

}  // namespace tokenbroker::cli
