// SPDX-License-Identifier: BSD-3-Clause
// One connection to a broker, to see how it is: a function from (event, time) to actions. Pure: no
// clock, no I/O. Times are nanoseconds of one monotonic clock. README.md tells the theory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "amqp/event.h"
#include "amqp/frame.h"
#include "amqp/method.h"
#include "amqp/pulse.h"

namespace warren::amqp {

inline constexpr std::int64_t no_deadline = INT64_MAX;
// Of a whole frame. 4.1 asks for at least this, older ones for half of it.
inline constexpr std::uint32_t frame_max = 8'192;
// Nobody's queue: the default exchange finds no route, and drops the message.
inline constexpr const char* unroutable_key = "warren.check.no-such-queue";

class Client {
  public:
    explicit Client(Settings settings)
        : settings_(std::move(settings)), pulse_(settings_.heartbeat_s) {}

    // Connected comes first and once. After Disconnect nothing does anything any more.
    Actions step(const Event& event, std::int64_t now_ns);

    // When the next Tick is due; no_deadline: never.
    std::int64_t deadline_ns() const;

    // What the broker has said of itself; empty before its greeting.
    const std::optional<Start>& greeting() const { return greeting_; }
    bool is_open() const { return phase_ == Phase::open; }

  private:
    enum class Phase : std::uint8_t {
        unconnected,
        start,    // waits for connection.start
        tune,     // login sent
        open_ok,  // vhost asked for
        channel,  // the vhost is open; waits for a channel to publish on
        select,   // and for confirms
        open,
        leaving,  // close sent
        ended,
    };
    using Kind = Finding::Kind;

    void on(const Connected& event);
    void on(const Received& event);
    void on(const Tick& event);
    void on(const Leave& event);
    void on(const Nudge& event);

    void take_frames();
    void take(const Frame& frame);
    void take(const Start& start);
    void take(const Tune& tune);
    void take(const Ok& ok);
    void take(const Close& close);
    void take(const Blocked& blocked);
    void take(const Unblocked& unblocked);
    void take(const Confirm& confirm);
    void take(const OtherMethod&) {}
    void take(const MalformedMethod& malformed);

    void become_open();
    void notice_life();
    void notice_silence(bool is_there);
    void speak();
    void publish_probe();
    void send(Frames frames);
    void find(Kind kind, std::string text = {});
    void end(Kind kind, std::string text);
    void disconnect();

    Settings settings_;
    Phase phase_ = Phase::unconnected;
    std::optional<Start> greeting_;
    std::vector<std::uint8_t> stream_;  // less than a frame, between steps
    Actions out_;
    std::int64_t now_ns_ = 0;

    std::int64_t phase_deadline_ns_ = no_deadline;  // of the handshake, of the good-bye
    Pulse pulse_;
    std::int64_t told_ns_ = 0;  // the last finding
    bool blocked_ = false;
    std::string alarm_;                      // its reason
    std::string blind_;                      // why alarms are not seen
    std::int64_t next_publish_ns_ = 0;       // no_deadline: our user may not
    std::int64_t unconfirmed_since_ns_ = 0;  // 0: nothing is to be confirmed
};

}  // namespace warren::amqp
