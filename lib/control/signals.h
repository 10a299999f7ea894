// SPDX-License-Identifier: BSD-3-Clause
// Signals that ask for something, ours and those that keepalived's tools send: none of them ends
// the process, and none that comes while it starts is lost. So are those that ask for its end, so
// that what a start has begun is ended in order.
#pragma once

#include <signal.h>

#include <optional>
#include <string>
#include <vector>

#include "views/dumps.h"

namespace warren::control {

// SIGHUP, SIGUSR1, SIGUSR2, and keepalived's real-time ones (SIGRTMIN + 1 to + 7: JSON is + 2;
// SIGRTMAX - 1: statistics that are cleared). Not SIGRTMIN itself: net_tap takes the first that is
// free, and has to have it in every thread.
std::vector<int> asking_signals();

// Before the first thread: they wait until the manager takes them, in every thread that comes.
// SIGPIPE is ignored for good (who reads our log may go away), and what only a default makes
// deadly.
void hold_signals();
// The manager, once it has handlers: what has come meanwhile is delivered at once.
void release_signals();

// SIGTERM and SIGINT: held like the others, but who makes nothing that is to be taken back, or has
// a handler of his own, may release them earlier.
void hold_ends();
void release_ends();
bool end_is_asked();  // one of them has come, and waits

// The file that it asks for.
std::optional<views::Dump> dump_of(int signal);
// What the log says of a signal that asks for what other commands give; empty: it is served.
std::string unserved_signal(int signal);

}  // namespace warren::control
