// SPDX-License-Identifier: BSD-3-Clause
#include "journal/pacer.h"

#include <utility>

namespace warren::journal {

Pacer::Pacer(boost::asio::io_context& io, Attempts& attempts, const char* what, int rests,
             std::function<void()> work)
    : attempts_(attempts), what_(what), rests_(rests), work_(std::move(work)), turn_(io) {}

// What is due is not forgotten when it comes to be followed before its turn.
void Pacer::follow() {
    if (Clock::now() < next_) return follow_soon();
    turn_.cancel();
    run();
}

void Pacer::follow_soon() {
    if (std::exchange(is_due_, true)) return;
    turn_.expires_at(next_);
    turn_.async_wait([this](const boost::system::error_code& error) {
        if (!error && is_due_) run();
    });
}

// Work that leaves some of itself for later asks for that itself, and rests before it too.
void Pacer::run() {
    is_due_ = false;
    const Clock::time_point begin = Clock::now();
    attempts_(what_, work_);
    const Clock::time_point end = Clock::now();
    next_ = end + rests_ * (end - begin);
    if (std::exchange(is_due_, false)) follow_soon();
}

}  // namespace warren::journal
