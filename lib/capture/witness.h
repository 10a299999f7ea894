// SPDX-License-Identifier: BSD-3-Clause
// A worker's part: what a frame was as it came, what became of it, and a copy of both for whoever
// captures. Without a capture it does nothing; with one it takes no part in what happens, and a
// full ring loses copies only.
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

class Witness {
  public:
    // `round`: the worker's, that it is in.
    Witness(const flow::FlowTable& flows, unsigned worker, const exchange::PollRound& round)
        : flows_(flows), worker_(worker), round_(round) {}

    // The round has another snapshot.
    void follow_snapshot() { tap_ = round_.snapshot->capture.get(); }
    bool is_on() const { return tap_ != nullptr; }

    // Only while it is on. Each frame that came is settled before the next one comes; what is made
    // meanwhile is a packet of its own.
    void came(net::ConstBytes frame, const Arrival& arrival);
    // `frame`: as it leaves, with so many bytes on the wire; none: it does not.
    void settled(const Outcome& outcome, net::ConstBytes frame, std::uint32_t bytes);
    void made(net::ConstBytes frame, std::uint8_t port);

  private:
    exchange::CaptureRing& ring() const { return *tap_->rings[worker_]; }
    exchange::CapturedPacket blank() const;
    // The flow that such a frame is of when it arrives, or null.
    const flow::Flow* flow_of(const flow::Tuple& arriving) const;
    bool is_wanted(const flow::Flow& flow) const;
    void show(exchange::CapturedPacket& packet, exchange::CaptureSlot& slot,
              const flow::Tuple& arriving, net::ConstBytes went, bool was_wanted);

    const flow::FlowTable& flows_;
    const unsigned worker_;
    const exchange::PollRound& round_;
    exchange::CaptureTap* tap_ = nullptr;  // the snapshot's
    exchange::CapturedPacket packet_;      // that has come and is not settled
    flow::Tuple ends_;                     // its
    bool was_wanted_ = false;              // by the flow that it was of
};

}  // namespace warren::capture
