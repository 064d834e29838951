#include "support/temp_dir.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <unistd.h>

namespace tokenbroker::support {

TempDir::TempDir() : path_("/tmp/tb.XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr || ::chmod(path_.c_str(), 0711) != 0) {
        throw std::runtime_error("can't make a folder under /tmp");
    }
}

TempDir::~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::write(const std::string& name, const std::string& text, mode_t mode) const {
    const std::string path = *this / name;
    const std::string beside = path + ".new";
    std::ofstream(beside, std::ios::binary) << text;
    if (::chmod(beside.c_str(), mode) != 0 || ::rename(beside.c_str(), path.c_str()) != 0) {
        throw std::runtime_error("can't write " + path);
    }
    return path;
}

std::string TempDir::make_folder(const std::string& name, mode_t mode) const {
    const std::string path = *this / name;
    std::filesystem::create_directories(path);
    if (::chmod(path.c_str(), mode) != 0) throw std::runtime_error("can't make " + path);
    return path;
}

std::string read_file(const std::string& path) {
    const std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string read_tree(const std::string& folder) {
    std::string all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.is_regular_file()) all += read_file(entry.path().string()) + "\n";
    }
    return all;
}

}  // namespace tokenbroker::support
