// SPDX-License-Identifier: BSD-3-Clause
#include "read_config.h"

#include <glob.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>

namespace warren::app {
namespace {

std::optional<std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file || std::filesystem::is_directory(path)) return std::nullopt;
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (file.bad()) return std::nullopt;
    return text;
}

std::vector<std::string> expand(const std::string& pattern) {
    glob_t matches{};
    std::vector<std::string> paths;
    if (glob(pattern.c_str(), GLOB_BRACE, nullptr, &matches) == 0)
        paths.assign(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
    globfree(&matches);
    return paths;
}

}  // namespace

config::LoadResult read_config(const std::string& file, const std::string& config_id) {
    return config::load(file, read_file, {config_id, expand});
}

void print_check(const config::LoadResult& result, const config::Diagnostics& scripts,
                 std::ostream& out) {
    for (const config::Diagnostic& diagnostic : result.diagnostics)
        out << diagnostic.to_string() << '\n';
    for (const config::Ignored& ignored : result.ignored)
        out << ignored.where.to_string() << ": ignored: " << ignored.keyword << ": "
            << ignored.reason << '\n';
    for (const config::Diagnostic& diagnostic : scripts)
        out << diagnostic.to_string() << '\n';
    out << (!result.ok()      ? "the configuration is refused"
            : scripts.empty() ? "the configuration is good"
                              : "the configuration is good, but see what is said of its scripts")
        << '\n';
}

}  // namespace warren::app
