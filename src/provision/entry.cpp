#include "base/encode.hpp"
#include "provision/provision.hpp"

#include <algorithm>

namespace tokenbroker::provision {
namespace {

// A YAML scalar: plain where nobody can take it for something else, else in double quotes, as JSON
// writes it.
std::string yaml_text(std::string_view text) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '/' ||
               c == '.' || c == '-';
    };
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const bool word = text == "true" || text == "false" || text == "null" || text == "yes" ||
                      text == "no" || text == "on" || text == "off";
    if (!text.empty() && !word && letter(text.front()) && std::ranges::all_of(text, plain))
        return std::string(text);
    return json_quote(text);
}

std::string yaml_value(const recipe::Value& value) {
    if (std::holds_alternative<Secret>(value.scalar())) return yaml_text(value.as_text().reveal());
    return value.shown();
}

}  // namespace

std::string account_entry(const recipe::Recipe& recipe, const recipe::Values& inputs,
                          const Entry& entry) {
    std::string text;
    for (const std::string& comment : entry.comments)
        text += "# " + comment + "\n";
    text += "accounts:\n  " + entry.account + ":\n    recipe: " + recipe.name +
            "\n    base_url: " + yaml_text(entry.base_url) + "\n";
    if (entry.insecure_http) text += "    insecure_http: true\n";
    text += "    inputs:\n";
    for (const recipe::Input& input : recipe.inputs) {
        const auto secret = std::ranges::find(entry.secrets, input.name,
                                              &std::pair<std::string, std::string>::first);
        const recipe::Value* value = inputs.find(input.name);
        if (secret != entry.secrets.end()) {
            text += "      " + input.name + ": " + secret->second + "\n";
        } else if (value != nullptr && !input.secret &&
                   (!input.otherwise || *input.otherwise != *value)) {
            text += "      " + input.name + ": " + yaml_value(*value) + "\n";
        }
    }
    if (!entry.ca_file.empty()) text += "    tls: { ca_file: " + yaml_text(entry.ca_file) + " }\n";
    return text;
}

}  // namespace tokenbroker::provision
