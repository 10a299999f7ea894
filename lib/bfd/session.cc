// SPDX-License-Identifier: BSD-3-Clause
// The state machine of RFC 5880 6.2 and 6.8.
#include "bfd/session.h"

#include <algorithm>
#include <cassert>
#include <variant>

namespace warren::bfd {
namespace {

constexpr std::uint64_t ns_per_us = 1'000;
constexpr std::uint32_t slowest_needed_us = 1'000'000;  // 6.8.3: at least so slow while not up

std::size_t index(DiscardReason reason) {
    return static_cast<std::size_t>(reason);
}

}  // namespace

Session::Session(const Settings& settings) : settings_(settings) {
    assert(settings.discriminator != 0 && settings.detect_mult != 0);
}

Actions Session::step(const Event& event, std::uint64_t now_ns, std::uint32_t random) {
    now_ns_ = std::max(now_ns_, now_ns);
    random_ = random;
    Actions out;
    std::visit([this, &out](const auto& e) { on(e, out); }, event);
    return out;
}

std::uint64_t Session::deadline_ns() const {
    return std::min(transmits() ? send_deadline_ns_ : no_deadline, detection_deadline_ns_);
}

// ---- events

void Session::on(const Startup&, Actions& out) {
    if (status_.state != State::admin_down) return;
    started_ = true;
    change_state(State::down, Diagnostic::none, out);
    if (transmits()) send(false, out);
}

void Session::on(const Shutdown&, Actions& out) {
    if (status_.state == State::admin_down) return;
    change_state(State::admin_down, Diagnostic::administratively_down, out);
    if (transmits()) send(false, out);
}

// 6.8.6, from where the session has been found.
void Session::on(const PacketReceived& event, Actions& out) {
    if (discards(event)) return;
    const State before = status_.state;
    learn(event.packet);
    follow(event.packet.state, out);
    detection_deadline_ns_ = now_ns_ + detection_time_ns();
    if (event.packet.poll || status_.state != before)
        send(event.packet.poll, out);
    else
        hasten();
}

void Session::on(const Tick&, Actions& out) {
    if (now_ns_ >= detection_deadline_ns_) expire(out);
    if (transmits() && now_ns_ >= send_deadline_ns_) send(false, out);
}

// ---- what the neighbour says

bool Session::discards(const PacketReceived& event) {
    const auto count = [this](DiscardReason reason) {
        ++status_.counters.discarded[index(reason)];
        return true;
    };
    if (event.ttl < settings_.least_ttl) return count(DiscardReason::ttl);
    const std::uint32_t yours = event.packet.your_discriminator;
    if (yours != 0 && yours != settings_.discriminator) return count(DiscardReason::other_session);
    if (status_.state == State::admin_down) return count(DiscardReason::not_started);
    return false;
}

void Session::learn(const ControlPacket& packet) {
    ++status_.counters.received;
    status_.remote_state = packet.state;
    status_.remote_diagnostic = packet.diagnostic;
    status_.remote_discriminator = packet.my_discriminator;
    status_.remote_min_tx_us = packet.desired_min_tx_us;
    status_.remote_min_rx_us = packet.required_min_rx_us;
    status_.remote_detect_mult = packet.detect_mult;
    status_.remote_demand = packet.demand;
    if (packet.final) polling_ = false;
}

void Session::follow(State remote, Actions& out) {
    const State local = status_.state;
    const bool gives_up =
        remote == State::admin_down || (local == State::up && remote == State::down);
    if (gives_up && local != State::down)
        change_state(State::down, Diagnostic::neighbour_signalled_down, out);
    else if (local == State::down && remote == State::down)
        change_state(State::init, Diagnostic::none, out);
    else if (local == State::down && remote == State::init)
        change_state(State::up, Diagnostic::none, out);
    else if (local == State::init && (remote == State::init || remote == State::up))
        change_state(State::up, Diagnostic::none, out);
}

// Silence for a Detection Time (6.8.4, 6.8.1 on bfd.RemoteDiscr).
void Session::expire(Actions& out) {
    detection_deadline_ns_ = no_deadline;
    status_.remote_discriminator = 0;
    status_.remote_state = State::down;
    status_.remote_demand = false;
    status_.remote_min_rx_us = 1;  // else an odd one could keep us silent for an hour
    if (status_.state != State::init && status_.state != State::up) return hasten();
    change_state(State::down, Diagnostic::detection_time_expired, out);
    if (transmits()) send(false, out);
}

void Session::change_state(State to, Diagnostic why, Actions& out) {
    out.push(Report{status_.state, to, why});
    const bool was_up = status_.state == State::up;
    status_.state = to;
    status_.diagnostic = why;
    status_.since_ns = now_ns_;
    polling_ = to == State::up;  // our wish has changed; while not up every packet tells it anyway
    if (to == State::up) {
        status_.path_up = true;
        ++status_.counters.became_up;
    } else if (to == State::down && was_up && status_.remote_state != State::admin_down) {
        status_.path_up = false;
    }
}

// ---- when and what we send

std::uint32_t Session::desired_min_tx_us() const {
    return status_.state == State::up ? settings_.min_tx_us
                                      : std::max(settings_.idle_tx_us, slowest_needed_us);
}

std::uint64_t Session::transmit_interval_ns() const {
    return ns_per_us * std::max(desired_min_tx_us(), status_.remote_min_rx_us);
}

std::uint64_t Session::detection_time_ns() const {
    return ns_per_us * status_.remote_detect_mult *
           std::max(settings_.min_rx_us, status_.remote_min_tx_us);
}

// 6.8.7: what keeps us silent.
bool Session::transmits() const {
    if (!started_ || status_.remote_min_rx_us == 0) return false;
    if (settings_.passive && status_.remote_discriminator == 0) return false;
    const bool both_up = status_.state == State::up && status_.remote_state == State::up;
    return !status_.remote_demand || !both_up || polling_;
}

void Session::send(bool final, Actions& out) {
    out.push(Send{{.state = status_.state,
                   .diagnostic = status_.diagnostic,
                   .poll = polling_ && !final,
                   .final = final,
                   .demand = false,
                   .detect_mult = settings_.detect_mult,
                   .my_discriminator = settings_.discriminator,
                   .your_discriminator = status_.remote_discriminator,
                   .desired_min_tx_us = desired_min_tx_us(),
                   .required_min_rx_us = settings_.min_rx_us,
                   .required_min_echo_rx_us = 0}});
    ++status_.counters.sent;
    last_sent_ns_ = now_ns_;
    scheduled_interval_ns_ = transmit_interval_ns();
    send_deadline_ns_ = now_ns_ + jittered_interval_ns();
}

// 6.8.3: a shorter interval counts at once.
void Session::hasten() {
    if (transmit_interval_ns() >= scheduled_interval_ns_) return;
    scheduled_interval_ns_ = transmit_interval_ns();
    send_deadline_ns_ = std::min(send_deadline_ns_, last_sent_ns_ + jittered_interval_ns());
}

std::uint64_t Session::jittered_interval_ns() const {
    const std::uint64_t interval_ns = transmit_interval_ns();
    const std::uint64_t span_ns =
        settings_.detect_mult == 1 ? interval_ns * 15 / 100 : interval_ns / 4;
    return interval_ns * 3 / 4 + span_ns * (random_ >> 16) / 0xffff;
}

}  // namespace warren::bfd
