// SPDX-License-Identifier: BSD-3-Clause
// The process's life cycle: signals, notifications to the service manager (systemd), shutdown.
#pragma once

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "control/publication.h"
#include "views/dumps.h"

namespace warren::control {

class Life {
  public:
    static constexpr int handover_ms = 200;       // for peers to take over before priority 0
    static constexpr int stop_patience_ms = 500;  // for the control lcore to send priority 0
    static constexpr int linger_ms = 20;          // for frames in tx queues
    static constexpr int goodbye_ms = 150;        // for brokers' answers to our good-byes

    struct Callbacks {
        std::function<void()> reload;
        std::function<void(views::Dump)> dump;  // a file that a signal asks for
        std::function<void()> stopping;         // once, when priority 0 has been ordered
        // Hands over what it can, then calls `done`; false: there is nothing to hand over.
        std::function<bool(std::function<void()> done)> hand_over{};
    };
    using Announce = std::function<void(std::string_view)>;  // sd_notify(): "READY=1"
    using ReopenLog = std::function<std::string()>;          // returns an error, or nothing

    Life(const Context& context, exchange::Exchange& exchange, Announce announce,
         ReopenLog reopen_log, Callbacks callbacks);

    void take_signals();

    // systemd's watchdog, at the end of each drain; not while the control lcore's heartbeat is
    // late.
    void notify_watchdog(std::uint64_t now_ns);
    // The line that `systemctl status` shows, if it has changed.
    void notify_status(const std::string& line);
    void notify_ready();
    bool is_ready() const { return ready_; }

    // Runs `work` between RELOADING=1 and READY=1. False: stopping, or it threw (logged).
    bool while_reloading(const std::function<void()>& work);

    // All routers have stopped: ends the workers and the loop after `ms`.
    void leave_after(int ms);
    void end_now() { stop_timer_.cancel(); }

  private:
    void arm_signals();
    void on_signal(int signal);
    void reopen_log();
    void shut_down(const char* why);
    void stop_routers();

    Context context_;
    exchange::Exchange& exchange_;
    Announce announce_;
    ReopenLog reopen_log_;
    Callbacks callbacks_;
    boost::asio::steady_timer stop_timer_;
    boost::asio::signal_set signals_;
    std::set<int> unserved_;  // signals without a meaning here, logged once
    std::uint64_t next_watchdog_ns_ = 0;
    std::string status_;
    bool ready_ = false;
    bool stopping_ = false;
    std::uint64_t stopping_since_ns_ = 0;
    bool routers_stopped_ = false;
};

}  // namespace warren::control
