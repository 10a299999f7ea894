// SPDX-License-Identifier: BSD-3-Clause
#include "control/life.h"

#include <signal.h>

#include <chrono>
#include <optional>
#include <utility>

#include "control/signals.h"
#include "port/clock.h"

namespace warren::control {
namespace {

constexpr std::uint64_t watchdog_ns = 1'000'000'000;
constexpr std::uint64_t beat_patience_ns = 5'000'000'000;  // it beats every few milliseconds
constexpr std::uint64_t echo_ns = 1'000'000'000;

bool control_lcore_beats(const exchange::Exchange& exchange, std::uint64_t now_ns) {
    exchange::OwnershipView view;
    exchange.ownership.read(view, 0, now_ns);
    return now_ns < view.heartbeat_ns + beat_patience_ns;
}

}  // namespace

Life::Life(const Context& context, exchange::Exchange& exchange, Announce announce,
           ReopenLog reopen_log, Callbacks callbacks)
    : context_(context),
      exchange_(exchange),
      announce_(std::move(announce)),
      reopen_log_(std::move(reopen_log)),
      callbacks_(std::move(callbacks)),
      stop_timer_(context.io),
      signals_(context.io, SIGTERM, SIGINT) {}

// A port has a SIGRTMIN of its own, or nobody has: then it must not end us either.
void Life::take_signals() {
    for (const int signal : asking_signals())
        signals_.add(signal);
    struct sigaction first {};
    if (sigaction(SIGRTMIN, nullptr, &first) == 0 && first.sa_handler == SIG_DFL)
        ::signal(SIGRTMIN, SIG_IGN);
    release_signals();
    release_ends();
    arm_signals();
}

void Life::arm_signals() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) return;
        arm_signals();
        context_.attempts("obeying a signal", [&] { on_signal(signal); });
    });
}

void Life::on_signal(int signal) {
    if (signal == SIGTERM || signal == SIGINT)
        return shut_down(signal == SIGTERM ? "SIGTERM" : "SIGINT");
    if (signal == SIGHUP) {
        reopen_log();
        return callbacks_.reload();
    }
    if (const std::optional<views::Dump> dump = dump_of(signal)) return callbacks_.dump(*dump);
    // Monitoring sends them without end: once is enough.
    if (unserved_.insert(signal).second)
        context_.events.info(journal::EventKind::process, "{}", unserved_signal(signal));
}

// logrotate has renamed the file, whatever becomes of the configuration.
void Life::reopen_log() {
    const std::string trouble = reopen_log_ ? reopen_log_() : std::string();
    if (!trouble.empty())
        context_.events.error(journal::EventKind::process, "the log file is not opened again: {}",
                              trouble);
}

void Life::notify_watchdog(std::uint64_t now_ns) {
    if (now_ns < next_watchdog_ns_ || !control_lcore_beats(exchange_, now_ns)) return;
    next_watchdog_ns_ = now_ns + watchdog_ns;
    announce_("WATCHDOG=1");
}

void Life::notify_status(const std::string& line) {
    if (line == status_ || stopping_) return;
    status_ = line;
    announce_("STATUS=" + line);
}

void Life::notify_ready() {
    ready_ = true;
    announce_("READY=1");
}

bool Life::while_reloading(const std::function<void()>& work) {
    if (stopping_) return false;
    if (ready_) announce_("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(port::now_ns() / 1000));
    const bool done = context_.attempts("the reload", work);
    if (ready_) announce_("READY=1");
    return done;
}

// The second signal does not wait, unless it is the first one's echo: timeout(1) and terminals tell
// the process and its group.
void Life::shut_down(const char* why) {
    const std::uint64_t now_ns = port::now_ns();
    if (stopping_ && now_ns < stopping_since_ns_ + echo_ns) return;
    context_.events.info(journal::EventKind::process, "stopping: {}", why);
    if (std::exchange(stopping_, true)) return leave_after(0);
    stopping_since_ns_ = now_ns;
    announce_("STOPPING=1");
    if (!callbacks_.hand_over || !callbacks_.hand_over([this] { stop_routers(); }))
        return stop_routers();
    stop_timer_.expires_after(std::chrono::milliseconds(handover_ms));
    stop_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) stop_routers();
    });
}

// What has been handed over is backup by now, and says nothing.
void Life::stop_routers() {
    if (std::exchange(routers_stopped_, true)) return;
    leave_after(stop_patience_ms);
    context_.publication.command({.kind = election::VrrpCommand::Kind::shutdown});
    callbacks_.stopping();
}

void Life::leave_after(int ms) {
    stop_timer_.expires_after(std::chrono::milliseconds(ms));
    stop_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        exchange_.stop.store(true, std::memory_order_relaxed);
        context_.io.stop();
    });
}

}  // namespace warren::control
