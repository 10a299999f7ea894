// SPDX-License-Identifier: BSD-3-Clause
#include "health/periodic.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace warren::health {

const char* to_string(Reason reason) {
    switch (reason) {
        case Reason::none:
            return "none";
        case Reason::refused:
            return "refused";
        case Reason::timeout:
            return "timeout";
        case Reason::unreachable:
            return "unreachable";
        case Reason::local:
            return "local";
        case Reason::unknown:
            return "unknown";
        case Reason::denied:
            return "denied";
        case Reason::foreign:
            return "foreign";
        case Reason::other:
            return "other";
    }
    return "?";
}

const char* to_string(Availability availability) {
    switch (availability) {
        case Availability::serving:
            return "serving";
        case Availability::draining:
            return "draining";
        case Availability::blocked:
            return "blocked";
        case Availability::minority:
            return "minority";
    }
    return "?";
}

Reason reason_of(int error) {
    switch (error) {
        case 0:
            return Reason::none;
        case ECONNREFUSED:
            return Reason::refused;
        case ETIMEDOUT:
            return Reason::timeout;
        case EHOSTUNREACH:
        case ENETUNREACH:
        case EHOSTDOWN:
        case ENETDOWN:
        case ENOPROTOOPT:  // ICMP: protocol unreachable
            return Reason::unreachable;
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case ENOBUFS:
        case EADDRNOTAVAIL:
        case EADDRINUSE:
        case EACCES:
        case EPERM:
        case ENODEV:
        case EINVAL:
        case EAFNOSUPPORT:
            return Reason::local;
        default:
            return Reason::other;
    }
}

namespace {

// Attempts of thousands begin together, a few at each tick, so that they do not wake the loop and
// set its timer one by one.
constexpr std::chrono::nanoseconds tick = std::chrono::milliseconds(2);

std::chrono::steady_clock::time_point next_tick(std::chrono::steady_clock::time_point time) {
    const auto since_tick = time.time_since_epoch() % tick;
    return since_tick.count() == 0 ? time : time + (tick - since_tick);
}

}  // namespace

PeriodicChecker::PeriodicChecker(boost::asio::io_context& io, const Schedule& schedule,
                                 std::int64_t timeout_ns, Callback callback)
    : timer_(io), schedule_(schedule), callback_(std::move(callback)), timeout_ns_(timeout_ns) {}

std::int64_t PeriodicChecker::elapsed_ns() const {
    return std::chrono::nanoseconds(std::chrono::steady_clock::now() - begun_).count();
}

void PeriodicChecker::wait(std::int64_t delay_ns) {
    attempt_ = std::make_shared<const int>();
    is_waiting_ = true;
    is_hasty_ = false;
    set_timer_to_next_tick(delay_ns);
    timer_.async_wait(guarded([this](const boost::system::error_code&) { attempt(timeout_ns_); }));
}

void PeriodicChecker::set_timer_to_next_tick(std::int64_t delay_ns) {
    timer_.expires_at(
        next_tick(std::chrono::steady_clock::now() + std::chrono::nanoseconds(delay_ns)));
}

void PeriodicChecker::bound(std::int64_t timeout_ns) {
    timer_.expires_at(begun_ + std::chrono::nanoseconds(timeout_ns));
    timer_.async_wait(guarded([this](const boost::system::error_code& error) {
        if (error) return;  // the attempt has another bound now
        if (is_hasty_ && has_been_heard()) return relax();
        run_out();
    }));
}

void PeriodicChecker::hasten() {
    if (is_waiting_) attempt(timeout_ns_);
    if (is_waiting_ || is_hasty_) return;  // it has failed at once, or is in haste already
    is_hasty_ = true;
    bound(hasty_bound_ns(timeout_ns_));
}

void PeriodicChecker::relax() {
    if (std::exchange(is_hasty_, false)) bound(timeout_ns_);
}

void PeriodicChecker::attempt(std::int64_t timeout_ns) {
    attempt_ = std::make_shared<const int>();
    is_waiting_ = is_hasty_ = false;
    begun_ = std::chrono::steady_clock::now();
    if (timeout_ns > 0) bound(timeout_ns);
    begin();
}

void PeriodicChecker::succeed(std::int64_t latency_ns) {
    usual_ns_ = latency_ns;
    finish({Reason::none, latency_ns});
}

// Who has waited for long already has half of it yet.
std::int64_t PeriodicChecker::hasty_bound_ns(std::int64_t configured_ns) const {
    const std::int64_t hasty_ns = std::max(recheck_timeout_ns, 4 * usual_ns_);
    return std::min(configured_ns, std::max(hasty_ns, elapsed_ns() + hasty_ns / 2));
}

void PeriodicChecker::fail(int error) {
    fail(reason_of(error), std::generic_category().message(error));
}

void PeriodicChecker::go_on(std::int64_t delay_ns) {
    abandon();
    wait(std::max(delay_ns, least_delay_ns));
}

void PeriodicChecker::finish(const CheckResult& result) {
    abandon();
    const std::int64_t stagger_ns = std::exchange(schedule_.stagger_ns, 0);
    // First, so that a callback that throws does not end the rhythm.
    wait(std::max(schedule_.delay_loop_ns - stagger_ns, least_delay_ns));
    // From a copy: the callback may destroy this checker, callback_ included.
    const Callback callback = callback_;
    const std::weak_ptr<const int> is_here = attempt_;
    const Pace pace = callback(result);
    if (is_here.expired()) return;
    take_pace(result, pace);
    if (pace != Pace::change_pending) return;
    schedule_.stagger_ns = stagger_ns;
    wait(std::max(schedule_.delay_before_retry_ns, least_delay_ns));
}

}  // namespace warren::health
