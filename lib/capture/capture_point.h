// SPDX-License-Identifier: BSD-3-Clause
// Where a worker copies frames for a capture: as each arrived, and as it left or why not. Off, it
// costs nothing; on, it changes nothing, and a full ring loses copies only.
#pragma once

#include <cstdint>
#include <string_view>

#include "exchange/capture.h"
#include "exchange/poll_round.h"
#include "flow/table.h"
#include "net/bytes.h"

namespace warren::capture {

struct Arrival {
    std::uint32_t bytes = 0;  // on the wire
    std::uint8_t port = 0;
    std::uint8_t from_worker = exchange::CapturedPacket::nobody;
};

struct Outcome {
    exchange::Fate fate = exchange::Fate::sent;
    exchange::Drop reason = exchange::Drop::count_;  // CapturedPacket's
    std::uint8_t target = 0;
    std::string_view what{};
};

class CapturePoint {
  public:
    // `round`: the worker's current one.
    CapturePoint(const flow::FlowTable& flows, unsigned worker, const exchange::PollRound& round)
        : flows_(flows), worker_(worker), round_(round) {}

    // The round has another snapshot.
    void follow_snapshot() { tap_ = round_.snapshot->capture.get(); }
    bool is_active() const { return tap_ != nullptr; }

    // Only while active. Each arrival gets its verdict before the next one; a frame that is
    // generated between them is a record of its own.
    void on_arrival(net::ConstBytes frame, const Arrival& arrival);
    // `frame`: as it leaves, `bytes` long on the wire; empty: it does not leave.
    void on_verdict(const Outcome& outcome, net::ConstBytes frame, std::uint32_t bytes);
    void on_generated(net::ConstBytes frame, std::uint8_t port);

  private:
    exchange::CaptureRing& ring() const { return *tap_->rings[worker_]; }
    exchange::CapturedPacket blank() const;
    // By an arriving frame's tuple; or null.
    const flow::Flow* flow_of(const flow::Tuple& arriving) const;
    bool is_wanted(const flow::Flow& flow) const;
    void show(exchange::CapturedPacket& packet, exchange::CaptureSlot& slot,
              const flow::Tuple& arriving, net::ConstBytes went, bool was_wanted);

    const flow::FlowTable& flows_;
    const unsigned worker_;
    const exchange::PollRound& round_;
    exchange::CaptureTap* tap_ = nullptr;  // the snapshot's
    exchange::CapturedPacket packet_;      // the arrival without a verdict yet
    flow::Tuple ends_;                     // its
    bool was_wanted_ = false;              // by the flow that it was of
};

}  // namespace warren::capture
