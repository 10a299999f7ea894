// SPDX-License-Identifier: BSD-3-Clause
// The manager's work in pieces, none of which can end the others: what one throws is logged, and
// the timer that called it goes on. One line at once and one a minute while it goes on.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <string>

#include "journal/event_log.h"

namespace warren::journal {

class Attempts {
  public:
    static constexpr std::chrono::seconds quiet{60};
    using Clock = std::chrono::steady_clock;

    explicit Attempts(EventLog& events) : events_(events) {}

    // Whether `work` came to its end.
    template <typename Work>
    bool operator()(const char* what, Work&& work) {
        try {
            work();
            return true;
        } catch (const std::exception& error) {
            complain(what, error.what());
        }
        return false;
    }

    std::uint64_t failures() const { return failures_; }

  private:
    struct Trouble {
        Clock::time_point next{};  // line in the log
        std::uint64_t unsaid = 0;
    };

    void complain(const char* what, const char* why);

    EventLog& events_;
    std::map<std::string, Trouble> troubles_;  // by what: a few names of ours
    std::uint64_t failures_ = 0;
};

// `work` every `period`, from one period on, as long as the timer lives and is not cancelled.
void every(boost::asio::steady_timer& timer, std::chrono::nanoseconds period, Attempts& attempts,
           const char* what, std::function<void()> work);

}  // namespace warren::journal
