// SPDX-License-Identifier: BSD-3-Clause
// What the workers show of their frames while somebody captures. The manager makes a tap and names
// it in a snapshot, and the next one without it ends it: nothing is kept for a capture that is not
// there, and a worker that still has the older snapshot still has the tap.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "exchange/counters.h"
#include "exchange/flow_filter.h"
#include "exchange/ring_memory.h"
#include "flow/tcp.h"
#include "net/address.h"
#include "net/bytes.h"
#include "net/parse.h"

namespace warren::exchange {

// All that is said must hold.
struct CaptureFilter {
    static constexpr std::uint8_t any_port = 0xff;

    End client{}, server{}, service{};
    std::uint8_t port = any_port;  // the index of one that a frame comes or leaves by
    bool drops_only = false;       // dropped, or refused with RST
    Drop reason = Drop::count_;    // of those; count_: any
};

// What became of a frame.
enum class Fate : std::uint8_t {
    sent,
    dropped,
    punted,     // to the control lcore
    to_kernel,  // not ours
    handed_on,  // to the worker that has its flow
    held,       // sent when the peer knows of the flow
    made,       // here: no frame came
};

// A frame on its way in and on its way out. What stands in `came` or `went` is only what it kept.
struct CapturedPacket {
    static constexpr std::uint8_t nobody = 0xff;

    std::uint64_t time_ns = 0;  // CLOCK_MONOTONIC, when its round began
    net::Parsed came, went;   // nothing came where it was made, nothing went where it was not sent
    std::string_view what{};  // it was taken for, static text
    std::uint32_t came_bytes = 0, went_bytes = 0;  // on the wire
    std::uint16_t came_kept = 0, went_kept = 0;    // in the slot
    std::uint8_t worker = 0;
    std::uint8_t handed_by = nobody;  // that worker
    std::uint8_t in_port = nobody;
    std::uint8_t target = 0;  // sent, held, made: a port; handed_on: a worker
    Fate fate = Fate::sent;
    Drop reason = Drop::count_;        // dropped, or refused with RST; count_: neither
    flow::TcpState before{}, after{};  // of its flow; none: it had none
};

// A packet and its two frames in one piece of memory, as they travel.
class CaptureSlot {
  public:
    explicit CaptureSlot(std::size_t snap_bytes)
        : snap_bytes_(snap_bytes),
          went_at_(came_at + (snap_bytes + 3) / 4 * 4),
          memory_(2 * went_at_ - came_at) {}

    std::uint8_t* data() { return memory_.data(); }
    unsigned bytes() const { return static_cast<unsigned>(memory_.size()); }

    void keep(const CapturedPacket& packet) {
        std::memcpy(memory_.data(), &packet, sizeof(packet));
    }
    CapturedPacket packet() const {
        CapturedPacket packet;
        std::memcpy(&packet, memory_.data(), sizeof(packet));
        return packet;
    }
    // How much of it fits.
    std::uint16_t keep_came(net::ConstBytes frame) { return keep(frame, came_at); }
    std::uint16_t keep_went(net::ConstBytes frame) { return keep(frame, went_at_); }
    net::ConstBytes came() const { return {memory_.data() + came_at, packet().came_kept}; }
    net::ConstBytes went() const { return {memory_.data() + went_at_, packet().went_kept}; }

  private:
    static constexpr std::size_t came_at = sizeof(CapturedPacket);

    std::uint16_t keep(net::ConstBytes frame, std::size_t at) {
        const std::size_t kept = frame.size() < snap_bytes_ ? frame.size() : snap_bytes_;
        if (kept != 0) std::memcpy(memory_.data() + at, frame.data(), kept);
        return static_cast<std::uint16_t>(kept);
    }

    std::size_t snap_bytes_, went_at_;
    std::vector<std::uint8_t> memory_;
};
static_assert(std::is_trivially_copyable_v<CapturedPacket> && sizeof(CapturedPacket) % 4 == 0);

// One worker's: full, it refuses copies, and the traffic goes on.
class CaptureRing {
  public:
    static constexpr unsigned capacity = 4096;  // it holds one less

    explicit CaptureRing(std::size_t snap_bytes)
        : arrived(snap_bytes), made(snap_bytes), ring_(make_ring(arrived.bytes(), capacity)) {}

    CaptureSlot arrived, made;  // the worker's, of what it has in hand
    Counter lost;               // copies that found no room

    void push(CaptureSlot& slot) {
        if (rte_ring_sp_enqueue_elem(ring_.get(), slot.data(), slot.bytes()) != 0) lost.add();
    }
    [[nodiscard]] bool pop(CaptureSlot& slot) {
        return rte_ring_sc_dequeue_elem(ring_.get(), slot.data(), slot.bytes()) == 0;
    }

  private:
    RingMemory ring_;
};

struct CaptureTap {
    CaptureTap(std::size_t workers, const CaptureFilter& wanted, std::size_t snap)
        : filter(wanted), snap_bytes(snap) {
        for (std::size_t i = 0; i < workers; ++i)
            rings.push_back(std::make_unique<CaptureRing>(snap));
    }

    std::uint64_t lost() const {
        std::uint64_t sum = 0;
        for (const auto& ring : rings)
            sum += ring->lost.value();
        return sum;
    }

    const CaptureFilter filter;
    const std::size_t snap_bytes;
    std::vector<std::unique_ptr<CaptureRing>> rings;  // by worker
};

}  // namespace warren::exchange
