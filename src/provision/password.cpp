#include "provision/password.hpp"

#include "document/nearest.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace tokenbroker::provision {
namespace {

constexpr std::size_t usual_length = 32;
// Parts of a name that are shorter say nothing.
constexpr std::size_t shortest_part = 4;

// The words that lists of bad passwords begin with. What a vendor's list has besides is the
// vendor's to say.
constexpr std::array<std::string_view, 40> common_words = {
    "password",   "passwort",      "passw0rd", "qwerty",   "qwertz",
    "asdfgh",     "abc",           "letmein",  "welcome",  "admin",
    "adminadmin", "administrator", "root",     "toor",     "login",
    "master",     "hello",         "monkey",   "dragon",   "iloveyou",
    "sunshine",   "princess",      "football", "baseball", "secret",
    "changeme",   "default",       "guest",    "test",     "testtest",
    "user",       "service",       "system",   "account",  "trustno",
    "superman",   "whatever",      "starwars", "computer", "correcthorsebatterystaple"};

std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    return result;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Code points, as vendors count. What is no UTF-8 was refused when it was read.
std::size_t characters_in(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

unsigned classes_of(std::string_view password) {
    unsigned found = 0;
    const auto any = [&](auto is) { return std::ranges::any_of(password, is) ? 1U : 0U; };
    found += any([](char c) { return c >= 'a' && c <= 'z'; });
    found += any([](char c) { return c >= 'A' && c <= 'Z'; });
    found += any(is_digit);
    found += any([](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; });
    return found;
}

// The word inside what people add around it: "Password123!" is "password".
std::string core_word(std::string_view password) {
    std::string word = lower(password);
    const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
    const auto first = std::ranges::find_if(word, letter);
    const auto last = std::find_if(word.rbegin(), word.rend(), letter).base();
    return first < last ? std::string(first, last) : std::string();
}

bool is_common(std::string_view password) {
    const std::string whole = lower(password);
    const std::string word = core_word(password);
    return std::ranges::any_of(common_words,
                               [&](std::string_view bad) { return whole == bad || word == bad; });
}

bool alike(const std::string& password, const std::string& part) {
    if (part.size() < shortest_part) return false;
    if (password.find(part) != std::string::npos || part.find(password) != std::string::npos)
        return true;
    const std::size_t longer = std::max(password.size(), part.size());
    return document::edit_distance(password, part) * 10 <= longer * 3;
}

// A name as a whole, and its parts: "api_user@acme" has "api", "user" and "acme".
bool resembles(std::string_view password, std::string_view name) {
    const std::string secret = lower(password);
    const std::string whole = lower(name);
    if (alike(secret, whole)) return true;
    std::string part;
    for (const char c : whole + ".") {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
            part += c;
        } else {
            if (alike(secret, part)) return true;
            part.clear();
        }
    }
    return false;
}

// A uniform index below `limit`, by refusing what would favour the first ones.
std::size_t below(std::size_t limit, const Random& random) {
    const std::size_t fair = 256 - 256 % limit;
    while (true) {
        unsigned char byte = 0;
        random(reinterpret_cast<char*>(&byte), 1);
        if (byte < fair) return byte % limit;
    }
}

}  // namespace

std::vector<std::string> password_mistakes(const recipe::PasswordRules& rules,
                                           std::string_view password,
                                           const recipe::Values& inputs) {
    std::vector<std::string> mistakes;
    const std::size_t length = characters_in(password);
    if (length < rules.shortest || length > rules.longest) {
        mistakes.push_back("the password has to have " + std::to_string(rules.shortest) + " to " +
                           std::to_string(rules.longest) + " characters");
    }
    if (classes_of(password) < rules.classes) {
        mistakes.push_back("the password has to have " + std::to_string(rules.classes) +
                           " of lower case, upper case, digits and other characters");
    }
    if (!rules.digits_only && std::ranges::all_of(password, is_digit)) {
        mistakes.emplace_back("the password may not be digits alone");
    }
    if (!rules.common && is_common(password))
        mistakes.emplace_back("the password is a common word");
    for (const std::string& name : rules.unlike) {
        const recipe::Value* value = inputs.find(name);
        if (value != nullptr && resembles(password, value->as_text().reveal())) {
            mistakes.push_back("the password resembles " + name);
        }
    }
    return mistakes;
}

Secret generate_password(const recipe::PasswordRules& rules, const recipe::Values& inputs,
                         const Random& random) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const std::size_t length = std::clamp(usual_length, rules.shortest, rules.longest);
    while (true) {
        Secret password = Secret::of_size(length);
        for (char& c : password.writable())
            c = alphabet[below(alphabet.size(), random)];
        if (password_mistakes(rules, password.reveal(), inputs).empty()) return password;
    }
}

}  // namespace tokenbroker::provision
