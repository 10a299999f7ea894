// SPDX-License-Identifier: BSD-3-Clause
// Programs in order: what one queue is given runs one after the other, different queues side by
// side.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "journal/event_log.h"
#include "programs/children.h"

namespace warren::programs {

// Runs scripts one after the other within each queue. One that takes longer than `patience_ms` is
// no longer waited for: it goes on beside the next.
class ScriptQueues {
  public:
    static constexpr int patience_ms = 10'000;
    static constexpr std::size_t max_waiting = 64;  // per queue; the oldest give way

    ScriptQueues(boost::asio::io_context& io, journal::EventLog& events);

    // `about`: whom the queue is of.
    void run(const std::string& queue, const Program& program, const journal::Subject& about = {});
    bool idle() const;
    // Once: when nothing runs or waits any more, or after `patience`.
    void when_idle(int patience_ms, std::function<void()> done);

  private:
    struct Queue {
        journal::Subject about;
        std::deque<Program> waiting;
        std::uint64_t running = 0;  // number of the run that is waited for; 0: none
        std::optional<boost::asio::steady_timer> timer;
    };

    void start_next(const std::string& name);
    void go_on(const std::string& name, std::uint64_t run);
    void on_end(const std::string& name, const std::string& path, std::uint64_t run,
                const ChildEnd& end);
    void notify_when_idle();

    boost::asio::io_context& io_;
    journal::EventLog& events_;
    std::map<std::string, Queue> queues_;
    std::uint64_t runs_ = 0;
    std::size_t unfinished_ = 0;
    std::function<void()> on_idle_;
    boost::asio::steady_timer idle_timer_;
    Children children_;  // last: its end comes first
};

}  // namespace warren::programs
