// SPDX-License-Identifier: BSD-3-Clause
// Packets as they are written: pcapng, or words. Pure; counts, and says when enough is written.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "capture/pcapng.h"
#include "capture/request.h"
#include "exchange/capture.h"

namespace warren::capture {

class Recording {
  public:
    // `wall_offset_ns`: what CLOCK_MONOTONIC lacks to the time since 1970.
    Recording(const Request& request, std::vector<std::string> ports, std::uint64_t wall_offset_ns);

    void take(const exchange::CaptureSlot& slot);
    // As many packets or bytes as were asked for.
    bool is_full() const { return is_full_; }
    // The end of what is written.
    void finish(std::uint64_t now_ns, std::uint64_t lost);

    // What is to be written since the last call.
    std::string take_output() { return std::exchange(output_, {}); }
    std::size_t output_bytes() const { return output_.size(); }
    std::uint64_t packets() const { return packets_; }

  private:
    std::string blocks_of(const exchange::CaptureSlot& slot,
                          const exchange::CapturedPacket& packet);
    std::uint32_t interface(std::uint8_t port, Direction direction, std::string& blocks);

    const Request request_;
    const std::vector<std::string> ports_;
    const std::uint64_t wall_offset_ns_;
    std::map<std::pair<std::uint8_t, Direction>, std::uint32_t> interfaces_;
    std::vector<std::uint64_t> received_;  // by interface
    std::string output_;
    std::uint64_t packets_ = 0, bytes_ = 0;
    bool is_full_ = false;
};

}  // namespace warren::capture
