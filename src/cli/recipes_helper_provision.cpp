#include "base/account_name.hpp"
#include "base/encode.hpp"
#include "cli/recipes_helper.hpp"
#include "document/nearest.hpp"
#include "host/crypto.hpp"
#include "host/files.hpp"
#include "provision/password.hpp"
#include "provision/provision.hpp"
#include "recipe/inputs.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>

namespace tokenbroker::cli {
namespace {

struct Options {
    std::string account;
    std::string credential;
    bool dry_run = false;
};

// `--recipes FOLDER` and `--recipes=FOLDER`, taken out of the arguments: the recipe has to be known
// before its options can be.
std::vector<std::string> take_folders(std::vector<std::string>& arguments) {
    constexpr std::string_view joined = "--recipes=";
    std::vector<std::string> folders;
    std::vector<std::string> others;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (arguments[i] == "--recipes" && i + 1 < arguments.size()) {
            folders.push_back(arguments[++i]);
        } else if (arguments[i].starts_with(joined)) {
            folders.push_back(arguments[i].substr(joined.size()));
        } else {
            others.push_back(arguments[i]);
        }
    }
    arguments = std::move(others);
    return folders;
}

const recipe::Input& input_named(const recipe::Recipe& recipe, const std::string& name) {
    return *std::ranges::find(recipe.provision_inputs, name, &recipe::Input::name);
}

// Makes the password up and puts it where it was asked for, before anything is sent: it is never
// lost.
Result<void> generate(const recipe::Recipe& recipe, const Options& options, GivenInputs& given) {
    if (given.generate_input.empty()) return {};
    const recipe::Values inputs = recipe::with_defaults(recipe.provision_inputs, given.values);
    const Secret password = provision::generate_password(
        *input_named(recipe, given.generate_input).password, inputs, host::fill_random);
    const auto written =
        options.credential.empty()
            ? write_new_secret(given.generate_path, password)
            : write_new_credential(given.generate_path, options.credential, password);
    if (!written) return written.error().during("writing the new password");
    given.values.set(given.generate_input, recipe::secret_input(password));
    return {};
}

provision::Entry entry_of(const UpstreamOptions& upstream, const config::BaseUrl& url,
                          const Options& options, const recipe::Recipe& recipe,
                          const GivenInputs& given) {
    provision::Entry entry;
    entry.account = options.account;
    entry.base_url = url.text();
    entry.insecure_http = !url.tls;
    if (!upstream.ca_file.empty()) entry.ca_file = std::filesystem::absolute(upstream.ca_file);
    entry.comments.emplace_back(
        "Who may use it: add `allow: [ { user: NAME } ]`; without it only admins may.");
    for (const recipe::Input& input : recipe.inputs) {
        if (!input.secret) continue;
        const auto source = given.sources.find(input.name);
        if (input.name == given.generate_input && !options.credential.empty()) {
            entry.secrets.emplace_back(input.name, "{ credential: " + options.credential + " }");
            entry.comments.push_back("The unit needs: LoadCredentialEncrypted=" +
                                     options.credential + ":" + given.generate_path);
        } else if (input.name == given.generate_input) {
            entry.secrets.emplace_back(input.name,
                                       "{ file: " + json_quote(given.generate_path) + " }");
            entry.comments.push_back("The daemon's user has to be able to read " +
                                     given.generate_path + ".");
        } else if (source != given.sources.end()) {
            entry.secrets.emplace_back(input.name, source->second);
        } else {
            entry.secrets.emplace_back(input.name, "{ credential: " + options.account + " }");
            entry.comments.push_back("Put the " + input.name +
                                     " that you typed into the credential " + options.account +
                                     ".");
        }
    }
    return entry;
}

void print_dry_run(const recipe::Recipe& recipe, const recipe::Values& inputs,
                   const config::BaseUrl& url) {
    std::cout << "Nothing is sent. These requests would go to " << url.origin()
              << "; \"***\" is a secret, _name_ what an earlier answer brings.\n";
    for (const provision::StepReport& report : provision::dry_run(recipe, inputs, url.path)) {
        std::cout << "\n" << report.step << ":\n" << report.request;
    }
}

// Whether it may start: what is wrong with the inputs is told.
bool inputs_are_right(const recipe::Recipe& recipe, const recipe::Values& given) {
    const auto mistakes = provision::input_mistakes(recipe, given);
    for (const std::string& mistake : mistakes)
        recipes_fail(recipes_usage, mistake);
    return mistakes.empty();
}

// What an unfinished run left behind. A password that nothing at the upstream has is of no use, and
// would be in the way of the next try.
void print_left(const provision::Outcome& outcome, const GivenInputs& given) {
    for (const std::string& left : outcome.left)
        std::cerr << "left behind at the upstream: " << left << '\n';
    if (outcome.left.empty()) std::cerr << "nothing was left behind at the upstream\n";
    if (given.generate_input.empty()) return;
    if (outcome.left.empty() &&
        host::remove_file(host::FileSystem::kernel(), given.generate_path)) {
        std::cerr << "the new password was removed again: " << given.generate_path << '\n';
        return;
    }
    std::cerr << "left behind here: " << given.generate_path << " (the new password)\n";
}

int finish(const provision::Outcome& outcome, const recipe::Recipe& recipe,
           const GivenInputs& given, const provision::Entry& entry) {
    for (const std::string& note : outcome.notes)
        std::cerr << "note: " << note << '\n';
    // Where only the first login failed, the account is there, and its entry is of use.
    if (!outcome.inputs.all().empty())
        std::cout << provision::account_entry(recipe, outcome.inputs, entry) << std::flush;
    if (outcome.done) return recipes_done;
    print_left(outcome, given);
    const std::string where =
        outcome.failed_step.empty() ? "" : "the step " + outcome.failed_step + " failed: ";
    return recipes_fail(recipes_failed, where + outcome.error);
}

boost::asio::awaitable<void> create_account(Network network, upstream::Target target,
                                            recipe::Values inputs, const bool& interrupted,
                                            provision::Outcome& into) {
    provision::OnStep on_step = [](const provision::StepReport& report) {
        std::cerr << text_of(report, false) << std::flush;
    };
    provision::Provisioner provisioner(network.transport, network.clock, network.log,
                                       std::move(on_step), interrupted);
    auto outcome = co_await provisioner.run(std::move(target), std::move(inputs));
    into = std::move(outcome);
}

int provision_with(const recipe::RecipeHandle& recipe, const std::vector<std::string>& arguments) {
    Options options;
    InputOptions inputs("provision " + recipe->name, provision::provisioning_inputs(*recipe), true);
    options.account = recipe->name;
    inputs.add_text("--account", options.account,
                    "the account's name in the configuration (default: the recipe's)");
    inputs.add_text("--credential", options.credential,
                    "seal a generated password with systemd-creds under this name");
    inputs.add_flag("--dry-run", options.dry_run, "show the requests, send nothing");
    if (const auto ended = inputs.parse(arguments)) return *ended;
    if (const auto name = AccountName::parse(options.account); !name) {
        return recipes_fail(recipes_usage, "--account: " + name.error().message());
    }
    const auto url = read_base_url(inputs.upstream(), *recipe);
    if (!url) return recipes_fail(recipes_usage, url.error().message());
    auto given = inputs.read(!options.dry_run);
    if (!given) return recipes_fail(code_of(given.error()), given.error().message());
    if (!options.credential.empty() && given->generate_input.empty()) {
        return recipes_fail(recipes_usage, "--credential goes with a generated password");
    }
    if (!inputs_are_right(*recipe, given->values)) return recipes_usage;

    recipe::Values values = given->values;
    if (options.dry_run) {
        for (const recipe::Input& input : recipe->provision_inputs) {
            if (input.secret && !values.has(input.name))
                values.set(input.name, recipe::secret_input(Secret("***")));
        }
        print_dry_run(*recipe,
                      recipe::with_defaults(provision::provisioning_inputs(*recipe), values), *url);
        return recipes_done;
    }
    if (const auto generated = generate(*recipe, options, *given); !generated) {
        return recipes_fail(recipes_failed, generated.error().message());
    }
    values = recipe::with_defaults(provision::provisioning_inputs(*recipe), given->values);
    const upstream::Target target = target_of(inputs.upstream(), recipe, *url);

    std::cerr << "This logs in at " << url->text() << " outside of any daemon's count of logins.\n";
    provision::Outcome outcome;
    bool interrupted = false;
    run_with_network(
        [&](Network network) {
            return create_account(network, target, values, interrupted, outcome);
        },
        &interrupted);
    return finish(outcome, *recipe, *given,
                  entry_of(inputs.upstream(), *url, options, *recipe, *given));
}

}  // namespace

int run_provision(const std::vector<std::string>& given_arguments) {
    std::vector<std::string> arguments = given_arguments;
    const recipe::Library library = load_library(take_folders(arguments));
    std::vector<std::string_view> names;
    for (const recipe::RecipeHandle& recipe : library.all()) {
        if (!recipe->provision.empty()) names.emplace_back(recipe->name);
    }
    const std::string name =
        arguments.empty() || arguments.front().starts_with("-") ? "" : arguments.front();
    const recipe::RecipeHandle recipe = library.find(name);
    if (recipe == nullptr || recipe->provision.empty()) {
        const std::string wrong = name.empty()
                                      ? "provision: the first argument is a recipe"
                                      : "\"" + name + "\" is no recipe that creates accounts";
        return recipes_fail(recipes_usage, wrong + "; " + document::suggest(name, names));
    }
    return provision_with(recipe, {arguments.begin() + 1, arguments.end()});
}

}  // namespace tokenbroker::cli
