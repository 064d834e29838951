#include "recipe/pointer.hpp"

namespace tokenbroker::recipe {

Result<Pointer> Pointer::parse(std::string_view text) {
    Pointer made;
    made.text_ = text;
    if (text.empty()) return made;
    if (text.front() != '/') {
        return Error(Errc::invalid_input,
                     "a JSON pointer (RFC 6901) is empty or starts with '/': \"/key\"");
    }
    std::string step;
    for (std::size_t i = 1; i <= text.size(); ++i) {
        if (i == text.size() || text[i] == '/') {
            made.steps_.push_back(std::move(step));
            step.clear();
        } else if (text[i] != '~') {
            step += text[i];
        } else if (i + 1 < text.size() && (text[i + 1] == '0' || text[i + 1] == '1')) {
            step += text[++i] == '0' ? '~' : '/';
        } else {
            return Error(
                Errc::invalid_input,
                "in a JSON pointer (RFC 6901), '~' is written \"~0\" and '/' in a name \"~1\"");
        }
    }
    return made;
}

}  // namespace tokenbroker::recipe
