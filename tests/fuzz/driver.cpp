// Runs a fuzz target without a fuzzing engine: the files of a corpus as they are, then a given
// number of mutations of them. The same arguments make the same inputs, so a crash is found again.
//
//   DRIVER ITERATIONS FILE_OR_FOLDER...
//
// With DRIVER_TRACE=1 the number of each mutation is printed before it runs: the last one is the
// one that crashed.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t longest_input = 64 * 1024;

using Corpus = std::vector<std::string>;

void add_file(Corpus& corpus, const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

Corpus read_corpus(const std::vector<std::string>& paths) {
    Corpus corpus;
    for (const std::string& path : paths) {
        if (!std::filesystem::is_directory(path)) {
            add_file(corpus, path);
            continue;
        }
        std::vector<std::filesystem::path> files;
        for (const auto& entry : std::filesystem::directory_iterator(path))
            files.push_back(entry.path());
        std::ranges::sort(files);
        for (const auto& file : files)
            add_file(corpus, file);
    }
    return corpus;
}

// std::mt19937_64 gives the same numbers everywhere; the standard's distributions do not.
class Random {
public:
    std::size_t below(std::size_t limit) { return limit == 0 ? 0 : engine_() % limit; }

private:
    std::mt19937_64 engine_{20260101};
};

// What breaks parsers more often than random bytes do.
constexpr std::string_view tokens[] = {"${",       "}",
                                       "\"",       "{",
                                       "}",        "[",
                                       "]",        ":",
                                       ",",        "\n",
                                       "- ",       "  ",
                                       "/..",      "~1",
                                       "//",       "\r\n",
                                       "\\u0000",  "1e999",
                                       "-1",       "null",
                                       "true",     "&a",
                                       "*a",       "<<:",
                                       "|\n",      "99999999999999999999",
                                       "\xff",     "\xed\xa0\x80",
                                       "${token}", "9999-12-31T23:59:59Z"};

std::string mutate(const Corpus& corpus, Random& random) {
    std::string input = corpus[random.below(corpus.size())];
    for (std::size_t count = 1 + random.below(8); count > 0; --count) {
        const std::size_t at = random.below(input.size() + 1);
        const std::size_t length = random.below(std::min<std::size_t>(64, input.size() - at + 1));
        switch (random.below(6)) {
            case 0:
                input.insert(at, tokens[random.below(std::size(tokens))]);
                break;
            case 1:
                input.erase(at, length);
                break;
            case 2:
                input.insert(at, input.substr(at, length));
                break;
            case 3:
                if (at < input.size()) input[at] = static_cast<char>(random.below(256));
                break;
            case 4: {
                const std::string& other = corpus[random.below(corpus.size())];
                const std::size_t from = random.below(other.size() + 1);
                input.insert(at, other.substr(from, random.below(256)));
                break;
            }
            default:
                input.resize(at);
                break;
        }
    }
    if (input.size() > longest_input) input.resize(longest_input);
    return input;
}

void run(const std::string& input) {
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() < 2) {
        std::cerr << "usage: " << argv[0] << " ITERATIONS FILE_OR_FOLDER...\n";
        return 2;
    }
    const std::size_t iterations = std::stoul(arguments.front());
    const Corpus corpus = read_corpus({arguments.begin() + 1, arguments.end()});
    if (corpus.empty()) {
        std::cerr << "the corpus is empty\n";
        return 2;
    }
    const bool trace = std::getenv("DRIVER_TRACE") != nullptr;
    for (const std::string& input : corpus)
        run(input);
    Random random;
    for (std::size_t i = 0; i < iterations; ++i) {
        const std::string input = mutate(corpus, random);
        if (trace) std::cerr << i << ": " << input.size() << " bytes\n";
        run(input);
    }
    std::cout << corpus.size() << " files and " << iterations << " mutations\n";
    return 0;
}
