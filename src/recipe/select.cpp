#include "recipe/select.hpp"

#include "recipe/json.hpp"
#include "recipe/json_writer.hpp"

#include <boost/json/value.hpp>

namespace tokenbroker::recipe {
namespace {

namespace json = boost::json;
using Elements = std::vector<const json::value*>;

constexpr std::size_t most_listed = 30;

std::string shown(const Select& select, const json::value& element) {
    std::string text;
    for (const Pointer& pointer : select.show) {
        const json::value* at = find(element, pointer);
        const auto value = at != nullptr ? text_of(*at) : std::nullopt;
        if (!value) continue;
        if (!text.empty()) text += ' ';
        text += value->reveal();
    }
    return text.empty() ? "(unnamed)" : text;
}

std::string choices(const Select& select, const Elements& elements) {
    std::string text;
    for (std::size_t i = 0; i < elements.size() && i < most_listed; ++i) {
        text += (text.empty() ? "" : "; ") + shown(select, *elements[i]);
    }
    if (elements.size() > most_listed)
        text += "; and " + std::to_string(elements.size() - most_listed) + " more";
    return text;
}

}  // namespace

Result<const json::value*> select_element(const Select& select, const json::value& root,
                                          const Values& values) {
    const json::value* at = find(root, select.from);
    const json::array* list = at != nullptr ? at->if_array() : nullptr;
    if (list == nullptr) {
        return Error(Errc::bad_answer,
                     "\"" + select.from.text() + "\" is not there, or not a list");
    }
    Elements all;
    Elements fitting;
    std::string asked;
    for (const json::value& element : *list) {
        bool fits = true;
        asked.clear();
        for (const auto& [pointer, wanted] : select.where) {
            const auto text = expand(wanted, values);
            if (!text) continue;
            asked += (asked.empty() ? "" : ", ") + pointer.text().substr(1) + " \"" +
                     std::string(text->reveal()) + "\"";
            const json::value* member = find(element, pointer);
            const auto found = member != nullptr ? text_of(*member) : std::nullopt;
            fits = fits && found && found->reveal() == text->reveal();
        }
        all.push_back(&element);
        if (fits) fitting.push_back(&element);
    }
    if (fitting.size() == 1) return fitting.front();
    if (all.empty()) return Error(Errc::not_found, "there is no " + select.what + " at all");
    if (fitting.empty()) {
        return Error(Errc::not_found, "no " + select.what + " has " + asked +
                                          "; there are: " + choices(select, all));
    }
    const std::string which = asked.empty() ? "" : " with " + asked;
    return Error(Errc::not_found, "there are " + std::to_string(fitting.size()) + " of " +
                                      select.what + which +
                                      ", choose one: " + choices(select, fitting));
}

}  // namespace tokenbroker::recipe
