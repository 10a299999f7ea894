// SPDX-License-Identifier: BSD-3-Clause
#include "control/signals.h"

namespace warren::control {
namespace {

constexpr int first_real_time = 1;
constexpr int last_real_time = 7;

sigset_t asking_set() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : asking_signals())
        sigaddset(&set, signal);
    return set;
}

}  // namespace

std::vector<int> asking_signals() {
    std::vector<int> signals{SIGHUP, SIGUSR1, SIGUSR2};
    for (int i = first_real_time; i <= last_real_time; ++i)
        signals.push_back(SIGRTMIN + i);
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
    signal(SIGPIPE, SIG_IGN);
}

void release_signals() {
    const sigset_t set = asking_set();
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

std::string unserved_signal(int signal) {
    if (signal == SIGUSR1)
        return "SIGUSR1 asks for keepalived's data file: `warrenctl show vrrp` and `show services` "
               "have what is in it";
    if (signal == SIGUSR2)
        return "SIGUSR2 asks for keepalived's statistics file: `warrenctl show vrrp` and `show "
               "counters` have what is in it";
    if (signal > SIGRTMIN && signal <= SIGRTMAX)
        return "real-time signal SIGRTMIN+" + std::to_string(signal - SIGRTMIN) +
               " asks for what keepalived writes: `warrenctl --json show` has it";
    return {};
}

}  // namespace warren::control
