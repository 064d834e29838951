#include "recipe/json_writer.hpp"

#include <algorithm>

namespace tokenbroker::recipe {
namespace {

class JsonWriter {
public:
    JsonWriter(const Values& values, SecretText& out) : values_(values), out_(out) {}

    void write(const JsonTemplate& json, const std::string& path) {
        std::visit([&](const auto& value) { put(value, path); }, json.value);
    }
    [[nodiscard]] const std::string& mistake() const { return mistake_; }

private:
    void put(const JsonTemplate::Null&, const std::string&) { out_.append("null"); }
    void put(bool truth, const std::string&) { out_.append(truth ? "true" : "false"); }
    void put(const JsonTemplate::Number& number, const std::string&) { out_.append(number.text); }

    void put(const Template& text, const std::string& path) {
        // All but text is a number or a boolean, and as_text() writes those as JSON does.
        const Value* whole = values_.find(text.whole());
        if (whole != nullptr && !std::holds_alternative<Secret>(whole->scalar())) {
            out_.append(whole->as_text().reveal());
            return;
        }
        const Secret filled = expand(text, values_).value_or(Secret());
        if (!is_utf8(filled.reveal()))
            mistake_ = "the JSON member \"" + path + "\" would not be UTF-8";
        out_.append_json_string(filled.reveal());
    }

    void put(const JsonTemplate::List& list, const std::string& path) {
        out_.append('[');
        bool first = true;
        for (const JsonTemplate& item : list) {
            if (!present(item)) continue;
            if (!first) out_.append(',');
            first = false;
            write(item, path);
        }
        out_.append(']');
    }

    void put(const JsonTemplate::Object& object, const std::string& path) {
        out_.append('{');
        bool first = true;
        for (const JsonTemplate::Member& member : object) {
            if (!present(member.value)) continue;
            if (!first) out_.append(',');
            first = false;
            out_.append_json_string(member.name);
            out_.append(':');
            write(member.value, path + "/" + member.name);
        }
        out_.append('}');
    }

    [[nodiscard]] bool present(const JsonTemplate& json) const {
        const auto* text = std::get_if<Template>(&json.value);
        return text == nullptr ||
               std::ranges::all_of(text->parts(), [&](const Template::Part& part) {
                   return !part.placeholder || values_.has(part.text);
               });
    }

    const Values& values_;
    SecretText& out_;
    std::string mistake_;
};

}  // namespace

std::optional<Secret> expand(const Template& text, const Values& values) {
    SecretText filled;
    for (const Template::Part& part : text.parts()) {
        if (!part.placeholder) {
            filled.append(part.text);
            continue;
        }
        const Value* value = values.find(part.text);
        if (value == nullptr) return std::nullopt;
        filled.append(value->as_text().reveal());
    }
    return filled.take();
}

std::string write_json(const JsonTemplate& json, const Values& values, SecretText& out) {
    JsonWriter writer(values, out);
    writer.write(json, "");
    return writer.mistake();
}

}  // namespace tokenbroker::recipe
