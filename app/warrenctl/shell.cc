// SPDX-License-Identifier: BSD-3-Clause
#include "shell.h"

#include <editline/readline.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "completion.h"

namespace warren::ctl {
namespace {

constexpr int lines_kept = 1'000;

// libedit's callbacks carry no pointer of ours.
struct Completing {
    NamesOf names;
    Words offered;
    std::size_t next = 0;
};
Completing& completing() {
    static Completing all;
    return all;
}

// Malloc's, as libedit frees it; null: no more.
char* next_offer(const char*, int) {
    Completing& all = completing();
    return all.next < all.offered.size() ? strdup(all.offered[all.next++].c_str()) : nullptr;
}

char** offers(const char* begun, int start, int) {
    rl_attempted_completion_over = 1;  // no names of files
    Completing& all = completing();
    all.next = 0;
    try {
        const std::string before(rl_line_buffer, static_cast<std::size_t>(start));
        all.offered = completions(words_of_line(before), begun, all.names);
    } catch (const std::invalid_argument&) {
        all.offered.clear();
    }
    return rl_completion_matches(begun, next_offer);
}

// Below $XDG_STATE_HOME, for this user alone; empty: nowhere.
std::string history_file() {
    namespace fs = std::filesystem;
    const char* const state = std::getenv("XDG_STATE_HOME");
    const char* const home = std::getenv("HOME");
    fs::path folder;
    if (state != nullptr && *state == '/')
        folder = state;
    else if (home != nullptr && *home == '/')
        folder = fs::path(home) / ".local/state";
    else
        return {};
    std::error_code error;
    fs::create_directories(folder, error);
    return error ? std::string() : (folder / "warrenctl_history").string();
}

// At a terminal.
class Editor {
  public:
    explicit Editor(const std::string& instance)
        : prompt_(instance + "> "), history_(history_file()) {
        static char breaks[] = " \t\n\"'";
        completing().names = names_of_instance(instance);
        rl_initialize();
        rl_readline_name = "warrenctl";
        rl_completer_word_break_characters = breaks;
        rl_attempted_completion_function = offers;
        stifle_history(lines_kept);
        if (!history_.empty()) read_history(history_.c_str());
    }

    // Nothing: the end.
    std::optional<std::string> line() {
        const std::unique_ptr<char, void (*)(void*)> typed(readline(prompt_.c_str()), std::free);
        if (typed == nullptr) return std::nullopt;
        if (*typed != '\0') keep(typed.get());
        return std::string(typed.get());
    }

  private:
    void keep(const char* line) {
        add_history(line);
        if (history_.empty()) return;
        const mode_t mask = umask(077);
        write_history(history_.c_str());
        umask(mask);
    }

    std::string prompt_, history_;
};

std::optional<std::string> line_of_input() {
    std::string line;
    return std::getline(std::cin, line) ? std::optional(line) : std::nullopt;
}

// In a process of its own.
int run_apart(const RunWords& run, const Words& words) {
    std::cout.flush();
    const pid_t child = fork();
    if (child < 0) throw std::runtime_error("no process can be started");
    if (child == 0) {
        signal(SIGINT, SIG_DFL);
        const int status = run(words);
        std::cout.flush();
        _exit(status);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    std::cout << '\n';  // behind what it was writing
    return 128 + WTERMSIG(status);
}

bool is_end(const Words& words) {
    return words.size() == 1 && (words[0] == "exit" || words[0] == "quit");
}

int obey(const RunWords& run, const Words& words) {
    if (words[0] == "shell") {
        std::cerr << "warrenctl: this is one\n";
        return 2;
    }
    return run_apart(run, words);
}

// Nothing: the line asks for nothing.
std::optional<Words> read_line(const std::string& line) {
    try {
        Words words = words_of_line(line);
        if (!words.empty() && !words[0].starts_with('#')) return words;
    } catch (const std::invalid_argument& error) {
        std::cerr << "warrenctl: " << error.what() << '\n';
    }
    return std::nullopt;
}

}  // namespace

int shell(const std::string& instance, const RunWords& run) {
    std::optional<Editor> editor;
    if (isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0) editor.emplace(instance);
    signal(SIGINT, SIG_IGN);
    int status = 0;
    while (const auto line = editor ? editor->line() : line_of_input()) {
        const auto words = read_line(*line);
        if (!words) continue;
        if (is_end(*words)) return status;
        status = obey(run, *words);
    }
    if (editor) std::cout << '\n';
    return status;
}

}  // namespace warren::ctl
