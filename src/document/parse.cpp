#include "document/parse.hpp"

#include "document/text.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <unordered_map>
#include <utility>

namespace tokenbroker::document {
namespace {

// Thrown through the parser where going on makes no sense; the mistake has been added.
struct Stop {};

constexpr std::string_view alias_message = "an alias is not allowed; write the value out";

// Whether a text begins with a null that was written as one.
bool is_written_null(std::string_view text) {
    for (const std::string_view word : {"~", "null", "Null", "NULL"}) {
        if (!text.starts_with(word)) continue;
        const std::string_view after = text.substr(word.size(), 1);
        if (after.empty() || after.find_first_of(" \t\r\n,]}") == 0) return true;
    }
    return false;
}

// Whether the quoted scalar that a text begins with ends in it: yaml-cpp takes the end of the file
// for a closing quote, and would make one value of all the rest.
bool is_closed(std::string_view text) {
    const char mark = text.empty() ? ' ' : text.front();
    if (mark != '"' && mark != '\'') return true;  // a block scalar
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (mark == '"' && text[i] == '\\') {
            ++i;
        } else if (text[i] == mark) {
            const bool doubled = mark == '\'' && i + 1 < text.size() && text[i + 1] == mark;
            if (!doubled) return true;
            ++i;
        }
    }
    return false;
}

// Puts the parser's events together. Working on events, aliases are seen as such: nothing is ever
// unfolded.
class Builder final : public YAML::EventHandler {
public:
    Builder(std::string_view text, const std::string& file, Mistakes& mistakes)
        : text_(text),
          lines_(text),
          file_(std::make_shared<const std::string>(file)),
          mistakes_(mistakes) {}

    std::optional<Value> take_root() { return std::move(root_); }

    Spot spot(const YAML::Mark& mark) {
        if (mark.line < 0 || mark.column < 0) return spot(lines_.at(text_.size()));
        return spot(
            lines_.at(static_cast<std::size_t>(mark.line), static_cast<std::size_t>(mark.column)));
    }
    Spot spot(Lines::Position at) const {
        return {file_, static_cast<std::uint32_t>(at.line), static_cast<std::uint32_t>(at.column)};
    }
    void mistake(const Spot& at, std::string message) {
        mistakes_.add(at.place(), std::move(message));
    }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (!started_) {
            started_ = true;
            return;
        }
        const bool marked = text_.substr(offset(mark)).starts_with("---");
        mistake(spot(mark), marked ? "a second document begins here; a file holds one"
                                   : "text after the end of the document");
        throw Stop{};
    }
    void OnDocumentEnd() override {}

    // Nothing at all is marked at whatever follows it, maybe lines below: its key's place, or its
    // list's, is of more use.
    void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
        Spot at = spot(mark);
        if (!stack_.empty() && !is_written_null(text_.substr(offset(mark)))) {
            const Frame& frame = stack_.back();
            if (frame.entry) {
                at = frame.entry->key_spot;
            } else if (frame.value.kind() == Kind::list) {
                at = frame.value.spot();
            }
        }
        complete(Value::null(at));
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        mistake(spot(mark), std::string(alias_message));
        complete(Value::refused(spot(mark)));
    }

    // A name is not shown: it may be a password that begins with '&' and has no quotes.
    void OnAnchor(const YAML::Mark& mark, const std::string&) override {
        mistake(spot(mark), "an anchor is not allowed; text that begins with & is put in quotes");
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  const std::string& value) override {
        if (tag == quoted_tag && !is_closed(text_.substr(offset(mark)))) {
            mistake(spot(mark), "a quote that is not closed");
            throw Stop{};
        }
        if (refuse_tag(mark, tag)) {
            complete(Value::refused(spot(mark)));
        } else {
            complete(Value::scalar(spot(mark), value, tag == quoted_tag));
        }
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {
        refuse_tag(mark, tag);
        open(Value::list(spot(mark)));
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {
        refuse_tag(mark, tag);
        open(Value::map(spot(mark)));
    }
    void OnMapEnd() override { close(); }

private:
    // What yaml-cpp calls the tag of untagged scalars.
    static constexpr std::string_view plain_tag = "?";
    static constexpr std::string_view quoted_tag = "!";

    struct Frame {
        Value value;
        std::optional<Entry> entry;  // of a map: a key that waits for its value
        bool at_key = true;
        std::unordered_map<std::string, Spot> keys;
    };

    [[nodiscard]] std::size_t offset(const YAML::Mark& mark) const {
        return lines_.offset(static_cast<std::size_t>(mark.line),
                             static_cast<std::size_t>(mark.column));
    }

    bool refuse_tag(const YAML::Mark& mark, const std::string& tag) {
        if (tag.empty() || tag == plain_tag || tag == quoted_tag) return false;
        mistake(spot(mark),
                "a tag is not allowed; text that could be something else is put in quotes");
        return true;
    }

    void open(Value container) {
        if (stack_.size() >= deepest_document) {
            mistakes_.add(container.place(), "lists and maps are nested too deeply; at most " +
                                                 std::to_string(deepest_document) + " levels");
            throw Stop{};
        }
        stack_.push_back({std::move(container), std::nullopt, true, {}});
    }

    void close() {
        Value done = std::move(stack_.back().value);
        stack_.pop_back();
        complete(std::move(done));
    }

    void complete(Value value) {
        if (++count_ > most_values) {
            mistakes_.add(value.place(), "too many values; at most " + std::to_string(most_values));
            throw Stop{};
        }
        if (stack_.empty()) {
            root_ = std::move(value);
            return;
        }
        Frame& frame = stack_.back();
        if (frame.value.kind() == Kind::list) {
            frame.value.append(std::move(value));
            return;
        }
        if (frame.at_key) {
            begin_entry(frame, value);
        } else if (frame.entry) {
            frame.entry->value = std::move(value);
            frame.value.append(std::move(*frame.entry));
            frame.entry.reset();
        }
        frame.at_key = !frame.at_key;
    }

    // A key that can't stand leaves frame.entry empty, and so drops its value.
    void begin_entry(Frame& frame, const Value& key) {
        if (key.kind() == Kind::refused) return;
        if (key.kind() != Kind::scalar) {
            mistakes_.add(key.place(),
                          "a key has to be text, not " + std::string(describe(key.kind())));
            return;
        }
        if (key.text() == "<<" && !key.quoted()) {
            mistakes_.add(key.place(), "a merge key (<<) is not allowed; write the values out");
            return;
        }
        const Spot& at = key.spot();
        const auto [first, added] = frame.keys.try_emplace(key.text(), at);
        if (!added) {
            mistake(at, "duplicate key " + quote(key.text()) + "; the first is at " +
                            first->second.place().text());
            return;
        }
        frame.entry = Entry{key.text(), at, Value::null(at)};
    }

    std::string_view text_;
    Lines lines_;
    std::shared_ptr<const std::string> file_;
    Mistakes& mistakes_;
    std::vector<Frame> stack_;
    std::optional<Value> root_;
    std::size_t count_ = 0;
    bool started_ = false;
};

// yaml-cpp says what it met; people want to know what to do.
std::string explain(const std::string& message) {
    if (message == "the referenced anchor is not defined") return std::string(alias_message);
    // What follows a colon is a piece of the file, maybe of a password.
    std::string text = "not YAML: " + message.substr(0, message.find(':'));
    if (message == "illegal map value") text += " (text with \": \" in it has to be in quotes)";
    if (message == "end of map not found") text += " (is the indentation right?)";
    return text;
}

}  // namespace

std::optional<Value> parse(std::string_view text, const std::string& file, Mistakes& mistakes) {
    const Place whole{file, 0, 0};
    if (text.size() > largest_document) {
        mistakes.add(whole, "the file is too large; at most 8 MiB");
        return std::nullopt;
    }
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (const auto bad = find_bad_byte(text)) {
        const auto at = Lines(text).at(bad->offset);
        mistakes.add({file, at.line, at.column},
                     bad->control ? "a control character, which YAML does not allow"
                                  : "a byte that is not UTF-8");
        return std::nullopt;
    }

    Builder builder(text, file, mistakes);
    std::istringstream stream{std::string(text)};
    try {
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const Stop&) {
        return builder.take_root();
    } catch (const YAML::Exception& error) {
        builder.mistake(builder.spot(error.mark), explain(error.msg));
        return std::nullopt;
    }
    auto root = builder.take_root();
    if (!root) root = Value::null({std::make_shared<const std::string>(file), 1, 1});
    return root;
}

}  // namespace tokenbroker::document
