// SPDX-License-Identifier: BSD-3-Clause
// Work that follows a change and takes long where there is much of everything: a thousand changes
// at once are not a thousand runs of it. The first is followed at once; while the work rests, what
// comes waits for one run more.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>

#include "journal/attempts.h"

namespace warren::journal {

class Pacer {
  public:
    using Clock = boost::asio::steady_timer::clock_type;
    // It rests `rests` times as long as a run took. `what` is said in the log if `work` throws.
    Pacer(boost::asio::io_context& io, Attempts& attempts, const char* what, int rests,
          std::function<void()> work);

    // Now, unless it rests.
    void follow();
    // As the last of what is due now.
    void follow_soon();

  private:
    void run();

    Attempts& attempts_;
    const char* what_;
    const int rests_;
    const std::function<void()> work_;
    boost::asio::steady_timer turn_;
    Clock::time_point next_{};
    bool is_due_ = false;
};

}  // namespace warren::journal
