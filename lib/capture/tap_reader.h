// SPDX-License-Identifier: BSD-3-Clause
// What all workers have shown, the oldest first as far as it is there.
#pragma once

#include <cstdint>
#include <vector>

#include "exchange/capture.h"

namespace warren::capture {

class TapReader {
  public:
    explicit TapReader(exchange::CaptureTap& tap) : tap_(tap) {
        for (std::size_t i = 0; i < tap.rings.size(); ++i)
            heads_.emplace_back(tap.snap_bytes);
    }

    // Null: nothing is there now. Valid until the next call.
    const exchange::CaptureSlot* next() {
        Head* oldest = nullptr;
        for (std::size_t i = 0; i < heads_.size(); ++i) {
            Head& head = heads_[i];
            if (!head.is_filled) fill(head, *tap_.rings[i]);
            if (head.is_filled && (oldest == nullptr || head.time_ns < oldest->time_ns))
                oldest = &head;
        }
        if (oldest == nullptr) return nullptr;
        oldest->is_filled = false;
        return &oldest->slot;
    }

  private:
    struct Head {
        explicit Head(std::size_t snap_bytes) : slot(snap_bytes) {}

        exchange::CaptureSlot slot;
        std::uint64_t time_ns = 0;
        bool is_filled = false;
    };

    static void fill(Head& head, exchange::CaptureRing& ring) {
        head.is_filled = ring.pop(head.slot);
        if (head.is_filled) head.time_ns = head.slot.packet().time_ns;
    }

    exchange::CaptureTap& tap_;
    std::vector<Head> heads_;
};

}  // namespace warren::capture
