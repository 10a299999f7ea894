// SPDX-License-Identifier: BSD-3-Clause
// The process's life: the signals that ask for something, what the service manager hears, the end.
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
    static constexpr int handover_ms = 200;       // for peers that take over before a good-bye
    static constexpr int stop_patience_ms = 500;  // for the control lcore's good-bye
    static constexpr int farewell_ms = 20;        // for frames on their way out

    struct Told {
        std::function<void()> reload;
        std::function<void(views::Dump)> dump;  // a file that a signal asks for
        std::function<void()> stopping;         // once; the good-bye has been asked for
        // Hands over what it can and calls back; false: there is nothing.
        std::function<bool(std::function<void()> done)> hand_over{};
    };
    // To the service manager: "READY=1"; reopens the log: what went wrong, or nothing.
    using Announce = std::function<void(std::string_view)>;
    using ReopenLog = std::function<std::string()>;

    Life(const Context& context, exchange::Exchange& exchange, Announce announce,
         ReopenLog reopen_log, Told told);

    void take_signals();

    // systemd's watchdog: the loop turns, this turn's work has been gone through, and the control
    // lcore, without which no address is owned, has beaten lately.
    void tell_watchdog(std::uint64_t now_ns);
    // What `systemctl status` shows, when it is another.
    void tell_status(const std::string& line);
    void tell_ready();
    bool is_ready() const { return ready_; }

    // Whether it has been done: not when all ends, and not to its end if it throws, which the log
    // says. The service manager hears in any case when it begins and ends.
    bool while_reloading(const std::function<void()>& work);

    // All have said good-bye: in a moment the workers stop and the loop ends.
    void leave_after(int ms);
    void wait_no_longer() { stop_timer_.cancel(); }

  private:
    void arm_signals();
    void on_signal(int signal);
    void reopen_log();
    void shut_down(const char* why);
    void say_good_bye();

    Context context_;
    exchange::Exchange& exchange_;
    Announce announce_;
    ReopenLog reopen_log_;
    Told told_;
    boost::asio::steady_timer stop_timer_;
    boost::asio::signal_set signals_;
    std::set<int> unserved_;  // signals that the log has spoken of
    std::uint64_t next_watchdog_ns_ = 0;
    std::string status_;
    bool ready_ = false;
    bool stopping_ = false;
    bool has_said_good_bye_ = false;
};

}  // namespace warren::control
