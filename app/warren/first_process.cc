// SPDX-License-Identifier: BSD-3-Clause
#include "first_process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <system_error>
#include <vector>

#include "control/signals.h"

namespace warren::app {
namespace {

// For who takes back what a killed warren had: the end of the first process ends all others.
constexpr std::chrono::seconds last_moment{2};

int exit_status(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Buries all that have ended; the status of `child` if it is among them.
std::optional<int> bury(pid_t child) {
    std::optional<int> ended;
    int status = 0;
    for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG))
        if (pid == child) ended = exit_status(status);
    return ended;
}

bool is_alone() {
    return waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD;
}

void wait_for_others(const sigset_t& signals) {
    const auto end = std::chrono::steady_clock::now() + last_moment;
    constexpr timespec a_while{.tv_sec = 0, .tv_nsec = 50'000'000};
    while (!is_alone() && std::chrono::steady_clock::now() < end)
        sigtimedwait(&signals, nullptr, &a_while);
}

// The first process is deaf to what it has no handler for, the child would end.
bool is_taken(int number) {
    const std::vector<int> asking = control::asking_signals();
    return number == SIGTERM || number == SIGINT ||
           std::find(asking.begin(), asking.end(), number) != asking.end();
}

int watch(pid_t child, const sigset_t& signals) {
    while (true) {
        siginfo_t info{};
        const int number = sigwaitinfo(&signals, &info);
        if (number == SIGCHLD) {
            const std::optional<int> status = bury(child);
            if (!status) continue;
            if (*status != 0) wait_for_others(signals);
            return *status;
        }
        // A terminal's ^C reaches the child, too.
        if (is_taken(number) && info.si_code != SI_KERNEL) kill(child, number);
    }
}

}  // namespace

std::optional<int> stand_in_front() {
    if (getpid() != 1) return std::nullopt;
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    const pid_t child = fork();
    if (child < 0) throw std::system_error(errno, std::system_category(), "cannot fork");
    if (child > 0) return watch(child, all);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    return std::nullopt;
}

}  // namespace warren::app
