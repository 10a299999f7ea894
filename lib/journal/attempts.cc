// SPDX-License-Identifier: BSD-3-Clause
#include "journal/attempts.h"

#include <utility>

namespace warren::journal {

void Attempts::complain(const char* what, const char* why) {
    ++failures_;
    Trouble& trouble = troubles_[what];
    const Clock::time_point now = Clock::now();
    if (now < trouble.next) {
        ++trouble.unsaid;
        return;
    }
    trouble.next = now + quiet;
    const std::uint64_t unsaid = std::exchange(trouble.unsaid, 0);
    events_.error(EventKind::process, "{} failed: {}{}", what, why,
                  unsaid == 0 ? std::string() : fmt::format(" ({} times more before)", unsaid));
}

// Armed again before the work, so that nothing that work does can leave it out.
void every(boost::asio::steady_timer& timer, std::chrono::nanoseconds period, Attempts& attempts,
           const char* what, std::function<void()> work) {
    timer.expires_after(period);
    timer.async_wait([&timer, period, &attempts, what,
                      work = std::move(work)](const boost::system::error_code& error) mutable {
        if (error) return;
        const std::function<void()> now = work;
        every(timer, period, attempts, what, std::move(work));
        attempts(what, now);
    });
}

}  // namespace warren::journal
