// SPDX-License-Identifier: BSD-3-Clause
#include "asking/bounded_read.h"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <system_error>

namespace warren::ctl {
namespace {

// The script travels in the environment: nothing needs to be quoted.
constexpr const char* script_variable = "WARREN_SUPPORT_SCRIPT";
constexpr const char* runner =
    "exec timeout --kill-after=1 10 sh -c \"$WARREN_SUPPORT_SCRIPT\" 2>&1 </dev/null";

std::string ending_text(int status) {
    constexpr int timed_out = 124;
    if (!WIFEXITED(status) || WEXITSTATUS(status) == 0) return {};
    return WEXITSTATUS(status) == timed_out
               ? "(it was ended after 10 s)\n"
               : "(exit status " + std::to_string(WEXITSTATUS(status)) + ")\n";
}

}  // namespace

std::string output_of(const std::string& script, std::size_t most_bytes) {
    setenv(script_variable, script.c_str(), 1);
    FILE* const pipe = popen(runner, "r");
    if (pipe == nullptr) return "(it cannot be started)\n";
    std::string said;
    std::array<char, 65'536> part{};
    while (said.size() <= most_bytes) {
        const std::size_t size = std::fread(part.data(), 1, part.size(), pipe);
        if (size == 0) break;
        said.append(part.data(), size);
    }
    const bool is_cut = said.size() > most_bytes;
    if (is_cut) said.resize(most_bytes);
    const int status = pclose(pipe);  // a writer that goes on is told by SIGPIPE
    return said + (is_cut ? "\n(the rest is cut off)\n" : ending_text(status));
}

std::string last_lines(const std::string& text, std::size_t most) {
    std::size_t at = text.size();
    if (at != 0 && text[at - 1] == '\n') --at;
    for (std::size_t lines = 0; at != 0; --at)
        if (text[at - 1] == '\n' && ++lines == most) return text.substr(at);
    return text;
}

std::string end_of_file(const std::string& path, std::size_t most_lines, std::size_t most_bytes) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) throw std::system_error(errno, std::generic_category(), path);
    const auto size = static_cast<std::size_t>(std::max<std::streamoff>(file.tellg(), 0));
    const std::size_t from = size > most_bytes ? size - most_bytes : 0;
    std::string text(size - from, '\0');
    file.seekg(static_cast<std::streamoff>(from));
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (from != 0) text.erase(0, std::min(text.find('\n'), text.size() - 1) + 1);
    return last_lines(text, most_lines);
}

}  // namespace warren::ctl
