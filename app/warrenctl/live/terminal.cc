// SPDX-License-Identifier: BSD-3-Clause
#include "live/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>

namespace warren::ctl {
namespace {

constexpr std::string_view begin_screen = "\x1b[?1049h\x1b[?25l";  // another screen, no cursor
constexpr std::string_view end_screen = "\x1b[0m\x1b[?25h\x1b[?1049l";

void write_all(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;  // it has gone: reading will say so
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

sigset_t watched_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH})
        sigaddset(&set, signal);
    return set;
}

std::string_view tone_sequence(Tone tone, bool with_colour) {
    if (tone == Tone::heading) return "\x1b[1m";
    if (!with_colour) return {};
    return tone == Tone::error ? "\x1b[31m" : tone == Tone::warning ? "\x1b[33m" : "";
}

}  // namespace

bool is_full_terminal() {
    const char* const kind = std::getenv("TERM");
    return isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0 && kind != nullptr &&
           *kind != '\0' && std::strcmp(kind, "dumb") != 0;
}

// Each line is written over the old one: nothing flickers.
std::string painted(const std::vector<ScreenLine>& lines, bool with_colour) {
    std::string all = "\x1b[H";
    for (const ScreenLine& line : lines) {
        const std::string_view tone = tone_sequence(line.tone, with_colour);
        all += std::string(&line == &lines.front() ? "" : "\r\n") + std::string(tone) + line.text +
               (tone.empty() ? "" : "\x1b[0m") + "\x1b[K";
    }
    return all + "\x1b[J";
}

Terminal::Terminal(bool with_colour) : with_colour_(with_colour) {
    if (tcgetattr(STDIN_FILENO, &before_) != 0)
        throw std::system_error(errno, std::generic_category(), "terminal");
    const sigset_t set = watched_signals();
    sigprocmask(SIG_BLOCK, &set, nullptr);
    signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals_ < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
    enter();
}

Terminal::~Terminal() {
    leave();
    close(signals_);
    const sigset_t set = watched_signals();
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

// Signals of the keyboard stay: ^C and ^Z do what they always do.
void Terminal::enter() const {
    termios now = before_;
    now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    now.c_cc[VMIN] = 1;
    now.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &now);
    write_all(begin_screen);
}

void Terminal::leave() const {
    write_all(end_screen);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
}

void Terminal::show(const std::vector<ScreenLine>& lines) const {
    write_all(painted(lines, with_colour_));
}

void Terminal::take_signal(Input& input) const {
    signalfd_siginfo signal{};
    if (read(signals_, &signal, sizeof(signal)) != static_cast<ssize_t>(sizeof(signal))) return;
    const auto number = static_cast<int>(signal.ssi_signo);
    if (number == SIGWINCH) return;
    if (number != SIGTSTP) {
        input.has_ended = true;
        return;
    }
    leave();
    raise(SIGSTOP);  // until SIGCONT
    enter();
}

Terminal::Input Terminal::wait(int ms) {
    std::array<pollfd, 2> waiting{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{signals_, POLLIN, 0}};
    Input input;
    if (poll(waiting.data(), waiting.size(), ms) <= 0) return input;
    if (waiting[1].revents != 0) take_signal(input);
    if (waiting[0].revents == 0) return input;
    std::array<char, 256> keys{};
    const ssize_t size = read(STDIN_FILENO, keys.data(), keys.size());
    if (size > 0)
        input.keys.assign(keys.data(), static_cast<std::size_t>(size));
    else
        input.has_ended = true;
    return input;
}

}  // namespace warren::ctl
