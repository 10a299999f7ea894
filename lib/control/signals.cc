// SPDX-License-Identifier: BSD-3-Clause
#include "control/signals.h"

#include <array>

namespace warren::control {
namespace {

constexpr int first_real_time = 1;
constexpr int last_real_time = 7;
// Their default ends a process, and nobody who sends them means that: of limits (a log that must
// not grow, a CPU's time), of timers and input that nobody asked for, of a UPS.
constexpr std::array ignored_signals{SIGPIPE,   SIGALRM, SIGVTALRM, SIGPROF, SIGIO,
                                     SIGSTKFLT, SIGXCPU, SIGXFSZ,   SIGPWR};

sigset_t asking_set() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : asking_signals())
        sigaddset(&set, signal);
    return set;
}

sigset_t ending_set() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

}  // namespace

std::vector<int> asking_signals() {
    std::vector<int> signals{SIGHUP, SIGUSR1, SIGUSR2};
    for (int i = first_real_time; i <= last_real_time; ++i)
        signals.push_back(SIGRTMIN + i);
    signals.push_back(SIGRTMAX - 1);
    return signals;
}

// A handler of ours, if only one that does nothing, also says that the signal is taken: net_tap
// picks a real-time signal that nobody handles for itself.
void hold_signals() {
    const sigset_t set = asking_set();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    for (const int number : asking_signals()) {
        struct sigaction taken {};
        taken.sa_handler = [](int) {};
        taken.sa_flags = SA_RESTART;
        sigaction(number, &taken, nullptr);
    }
    for (const int number : ignored_signals)
        signal(number, SIG_IGN);
}

void release_signals() {
    const sigset_t set = asking_set();
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void hold_ends() {
    const sigset_t set = ending_set();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void release_ends() {
    const sigset_t set = ending_set();
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

bool end_is_asked() {
    sigset_t waiting;
    sigpending(&waiting);
    return sigismember(&waiting, SIGTERM) == 1 || sigismember(&waiting, SIGINT) == 1;
}

std::optional<views::Dump> dump_of(int signal) {
    if (signal == SIGUSR1) return views::Dump::data;
    if (signal == SIGUSR2) return views::Dump::stats;
    if (signal == SIGRTMIN + 2) return views::Dump::json;
    return std::nullopt;
}

std::string unserved_signal(int signal) {
    if (signal == SIGRTMAX - 1)
        return "SIGRTMAX-1 asks for statistics that begin anew: counters never do; SIGUSR2 writes "
               "them";
    if (signal > SIGRTMIN && signal <= SIGRTMAX && !dump_of(signal))
        return "real-time signal SIGRTMIN+" + std::to_string(signal - SIGRTMIN) +
               " asks for what keepalived writes: `warrenctl --json show` has it";
    return {};
}

}  // namespace warren::control
