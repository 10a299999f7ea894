// SPDX-License-Identifier: BSD-3-Clause
// The sequence numbers of authenticated adverts (RFC 2402 3.3.2 and 3.4.3), of one virtual router.
// What is sent is above all that was sent or heard: who follows a master's numbers goes on from
// them at takeover, for keepalived has one counter for both directions and refuses what is not
// above it. Who hears the number that he has sent himself skips one. What is heard is compared with
// what the same sender said before and with nothing else: two masters that speak at the same moment
// speak with the same number, and neither repeats anything. A router that restarts with 0 learns
// the numbers from the first advert it hears.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "net/bytes.h"

namespace warren::vrrp {

class AhSequence {
  public:
    // More routers of one VRID are served more strictly, see accept().
    static constexpr std::size_t max_senders = 8;

    explicit AhSequence(std::uint32_t last = 0) : last_(last) {}

    // The number to send next; nothing when they are used up, for they must never cycle.
    std::optional<std::uint32_t> next();

    // False: `sender` has said this number or a higher one before. Call with true ICVs only. A
    // ninth sender takes the place of the one with the lowest number; who has no place must say
    // more than any who lost his.
    bool accept(net::Be32 sender, std::uint32_t number);

    // The highest that was sent, heard or skipped.
    std::uint32_t last() const { return last_; }

  private:
    struct Sender {
        net::Be32 address;  // 0.0.0.0: a free place, no source of an advert
        std::uint32_t heard = 0;
    };

    Sender& place_of(net::Be32 sender);

    std::array<Sender, max_senders> senders_{};
    std::uint32_t last_ = 0;
    std::uint32_t forgotten_ = 0;  // the highest of those who lost their place
};

}  // namespace warren::vrrp
