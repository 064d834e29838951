#pragma once

#include "document/mistakes.hpp"
#include "recipe/recipe.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

// For .cpp files of this room.
namespace tokenbroker::recipe {

// One way that values take through a recipe: what is known at each point of it, and whether the
// placeholders and conditions there hold. Adds mistakes, and the names that were used to `used`.
class Flow {
public:
    // `where` ends the message about an unknown placeholder.
    Flow(document::Mistakes& mistakes, std::set<std::string>& used, std::string where = {})
        : mistakes_(mistakes), used_(used), where_(std::move(where)) {}

    void add(const std::vector<Input>& inputs);
    void add(const std::string& name, bool secret) { known_[name] = {nullptr, secret}; }

    void run(const std::vector<Step>& steps);
    void run(const Step& step);
    void use(const Template& text);
    void check_when(const When& when, const Place& place);

private:
    // What is known of a name.
    struct Known {
        const Input* input = nullptr;  // none: taken, kept, or `token`
        bool secret = false;
    };

    void unknown(const std::string& name, const Place& place);
    void check_possible(const Input& input, const std::string& value, const Place& place);
    [[nodiscard]] const Input* input_of(const Template& text) const;
    void check_method(const Step& step);
    void check_slash(const Step& step);
    void check_path(const Step& step);

    document::Mistakes& mistakes_;
    std::set<std::string>& used_;
    std::string where_;
    std::map<std::string, Known, std::less<>> known_;
    std::set<std::string>
        later_;  // what any step of this flow takes, to tell "not yet" from "unknown"
};

}  // namespace tokenbroker::recipe
