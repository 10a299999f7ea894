// SPDX-License-Identifier: BSD-3-Clause
// The loop all checkers share: start an attempt, bound it by a deadline, report it, wait, repeat. A
// checker derives from it, opens its socket in begin() and closes it in abandon(); between the two
// it calls succeed(), fail(), finish() or go_on() exactly once. Handlers of asynchronous operations
// go through guarded(): they do nothing once their attempt has ended or the checker is gone.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "health/checker.h"

namespace warren::health {

class PeriodicChecker : public Checker {
  public:
    void retry() override {
        if (is_waiting_) attempt(timeout_ns_);
    }
    void on_host_alive() override { relax(); }

  protected:
    // timeout_ns 0: an attempt ends by itself.
    PeriodicChecker(boost::asio::io_context& io, const Schedule& schedule, std::int64_t timeout_ns,
                    Callback callback);

    // Call once, at the end of the derived constructor.
    void start() { wait(schedule_.warmup_ns); }

    virtual void begin() = 0;
    virtual void abandon() = 0;
    // The attempt's deadline has passed.
    virtual void run_out() { fail(ETIMEDOUT); }
    // What the callback returned for a result.
    virtual void take_pace(const CheckResult&, Pace) {}

    void succeed(std::int64_t latency_ns);
    void fail(int error);
    void fail(Reason reason, std::string text) { finish({reason, elapsed_ns(), std::move(text)}); }
    void finish(const CheckResult& result);
    // recheck(): an attempt, now or under way, ends in haste where the server's host is not heard.
    void hasten();
    // Whether the host has acknowledged all that the attempt has sent.
    virtual bool has_been_heard() const { return true; }
    // Of an attempt in haste, from its begin.
    std::int64_t hasty_bound_ns(std::int64_t configured_ns) const;
    bool is_waiting() const { return is_waiting_; }
    void attempt(std::int64_t timeout_ns);
    // Nothing to report yet: the next attempt continues the check (the next url, say).
    void go_on(std::int64_t delay_ns);
    // Only for checkers without timeout_ns, and before bound(): there is one timer.
    template <typename Handler>
    void at_next_tick(Handler handler) {
        set_timer_to_next_tick();
        timer_.async_wait(guarded([handler](const boost::system::error_code&) { handler(); }));
    }
    // Sets the deadline, counted from the attempt's begin; a later call replaces it.
    void bound(std::int64_t timeout_ns);
    const Schedule& schedule() const { return schedule_; }
    // Since begin().
    std::int64_t elapsed_ns() const;

    template <typename Handler>
    auto guarded(Handler handler) {
        return [token = std::weak_ptr<const int>(attempt_), handler](auto... arguments) {
            if (!token.expired()) handler(arguments...);
        };
    }

  private:
    // An attempt that fails at once is not repeated at once: the io_context is shared.
    static constexpr std::int64_t least_delay_ns = 1'000'000;

    void wait(std::int64_t delay_ns);
    void relax();
    void set_timer_to_next_tick(std::int64_t delay_ns = 0);

    boost::asio::steady_timer timer_;
    Schedule schedule_;
    Callback callback_;
    std::int64_t timeout_ns_;
    std::int64_t usual_ns_ = 0;  // the last success's latency
    bool is_waiting_ = true;     // for the next attempt
    bool is_hasty_ = false;      // the attempt under way
    std::chrono::steady_clock::time_point begun_;
    // Lives as long as the current attempt, or the wait for the next one.
    std::shared_ptr<const int> attempt_;
};

}  // namespace warren::health
